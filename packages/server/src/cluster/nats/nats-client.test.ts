/** The connection to a real NATS server, with each kind of credentials. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NATS_SERVER, NatsServer } from '@gavel/testkit/nats-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../../telemetry/log.ts';
import { NatsClient } from './nats-client.ts';
import type { NatsSettings } from './nats-settings.ts';

const open = (settings: NatsSettings) => NatsClient.open(settings, 'a', createLog('silent'));
// The seed and the public key belong together; they open nothing but the server of this test.
const NKEY_SEED = 'SUAL4M7U3A6LDZT2TAP4LETT32JIXNFT7PH75S3AJUKC2KUSULZPVS3LVQ';
const NKEY = 'UDOR4AEIVSGOV6N5VNS2M3URMTSX7YMGK2ZOFL3Q6HJXAQA3UCVA453H';

describe.skipIf(NATS_SERVER === '')('the connection to NATS (needs nats-server)', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'gavel-nats-tls-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each<[string, string, Partial<NatsSettings>]>([
    [
      'user and password',
      'authorization { user: ann, password: "sesame opens" }',
      { user: 'ann', password: 'sesame opens' },
    ],
    ['a token', 'authorization { token: "a-secret-token" }', { token: 'a-secret-token' }],
    ['an nkey', `authorization { users: [{ nkey: ${NKEY} }] }`, { nkeySeed: NKEY_SEED }],
  ])(
    '%s: a server that demands it is opened by it, and without it the start fails clearly',
    async (_name, config, credentials) => {
      const server = await NatsServer.start(config);
      const { url } = server;
      const client = await open({ url, ...credentials });
      expect(client.isConnected).toBe(true);
      await client.close();
      await expect(open({ url })).rejects.toThrow(
        `cluster.nats: connecting to ${url} failed: the server refuses the credentials`,
      );
      await server.close();
    },
  );

  test('TLS: a server is trusted by the file of its issuer, and refused without', async () => {
    const [keyFile, caFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=gavel', '-addext', 'subjectAltName=DNS:localhost'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
    execFileSync('openssl', ['req', '-x509', ...key, '-out', caFile, '-days', '2', ...subject], { stdio: 'pipe' });
    const server = await NatsServer.start(`tls { cert_file: "${caFile}", key_file: "${keyFile}" }`);
    // The name of a certificate is compared with a host name, not with an address.
    const url = server.url.replace('127.0.0.1', 'localhost');
    const client = await open({ url, tls: { caFile } });
    expect(await client.measureRoundTripMs()).toBeGreaterThanOrEqual(0);
    await client.close();
    await expect(open({ url, tls: {} })).rejects.toThrow(/self-signed certificate/);
    await server.close();
  });

  test('an address without a server, and files that do not exist, are named', async () => {
    const url = 'nats://127.0.0.1:1';
    await expect(open({ url })).rejects.toThrow(`cluster.nats: connecting to ${url} failed: connect ECONNREFUSED`);
    await expect(open({ url, credentialsFile: '/nowhere' })).rejects.toThrow(
      'cluster.nats.credentialsFile: /nowhere cannot be read',
    );
    await expect(open({ url, tls: { caFile: '/nowhere' } })).rejects.toThrow(
      'cluster.nats.tls.caFile: /nowhere cannot be read',
    );
  });
});

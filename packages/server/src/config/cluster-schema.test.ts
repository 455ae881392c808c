import { expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../config.ts';

const NODE = {
  GAVEL_STORE_URL: 'postgres://db/gavel',
  GAVEL_CLUSTER_NODE: 'node-1',
  GAVEL_CLUSTER_NATS_URL: 'nats://one:4222,nats://two:4222',
};

function problemsOf(env: Readonly<Record<string, string>>): string {
  try {
    loadConfig({ argv: [], env });
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

test('without cluster, a process is no node', () => {
  expect(loadConfig({ argv: [], env: {} }).cluster).toBeUndefined();
});

test('a node is read from the environment, its secrets also from files', () => {
  const env = { ...NODE, GAVEL_CLUSTER_NATS_USER: 'gavel', GAVEL_CLUSTER_NATS_PASSWORD_FILE: '/run/secret' };
  const readFile = (path: string): string => (path === '/run/secret' ? 'sesame\n' : expect.fail(path));
  expect(loadConfig({ argv: ['--dev'], env, readFile }).cluster).toEqual({
    node: 'node-1',
    nats: { url: 'nats://one:4222,nats://two:4222', user: 'gavel', password: 'sesame' },
  });
});

test.each<[string, Readonly<Record<string, string>>, string]>([
  ['no database', { GAVEL_STORE_URL: '' }, 'the nodes of a cluster share a database'],
  ['an id with a dot', { GAVEL_CLUSTER_NODE: 'a.b' }, 'cluster.node'],
  ['a password in the address', { GAVEL_CLUSTER_NATS_URL: 'nats://me:secret@host:4222' }, 'cluster.nats.url'],
  ['a user without a password', { GAVEL_CLUSTER_NATS_USER: 'me' }, 'cluster.nats.user'],
  [
    'two kinds of credentials',
    { GAVEL_CLUSTER_NATS_TOKEN: 'token', GAVEL_CLUSTER_NATS_CREDENTIALS_FILE: '/creds' },
    'more than one kind of credentials: token, credentialsFile',
  ],
  ['a certificate without a key', { GAVEL_CLUSTER_NATS_TLS_CERT_FILE: '/cert' }, 'cluster.nats.tls.certFile'],
])('%s is refused, with the name of the key', (_name, env, text) => {
  expect(problemsOf({ ...NODE, ...env })).toContain(text);
});

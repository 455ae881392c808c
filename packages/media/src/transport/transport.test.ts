import { expect, test } from 'vitest';
import { DtlsContext } from '../dtls/dtls-context.ts';
import { probeUdpPort } from '../ports.ts';
import { createTransportFactory } from './create-transport-factory.ts';

const CAN_RESTART = { openssl: true, libdatachannel: false } as const;

test.each(['openssl', 'libdatachannel'] as const)(
  'a transport of %s restarts ICE with new credentials, or says that it cannot',
  async (kind) => {
    const listenAddress = '127.0.0.1';
    const port = probeUdpPort(0, listenAddress);
    const { factory } = await createTransportFactory({
      config: {
        worker: 0,
        portMin: port,
        portMax: port,
        isMultiplexed: true,
        tcpPort: undefined,
        listenAddress,
        announcedAddress: undefined,
        iceServers: [],
        transport: kind,
        maxViewerBps: 1_000_000,
      },
      now: () => 0,
      reportError: (_where, error) => {
        throw error;
      },
    });
    const transport = factory.create(
      {
        iceUfrag: 'client',
        icePwd: 'client-password-of-22-chars'.replaceAll('-', '+'),
        fingerprint: new DtlsContext().certificate.fingerprint,
        setup: 'actpass',
        candidates: [],
      },
      {
        handleOpen: () => undefined,
        handlePacket: () => undefined,
        handleLost: () => undefined,
        handleError: (error) => {
          throw error;
        },
      },
    );
    const before = await transport.describe();
    const restarted = transport.restartIce();
    const after = await transport.describe();
    expect(restarted !== undefined).toBe(CAN_RESTART[kind]);
    expect(after).toEqual({ ...before, ...restarted });
    expect(after.iceUfrag !== before.iceUfrag).toBe(CAN_RESTART[kind]);
    expect(after.icePwd !== before.icePwd).toBe(CAN_RESTART[kind]);
    transport.close();
    expect(transport.restartIce()).toBeUndefined();
  },
);

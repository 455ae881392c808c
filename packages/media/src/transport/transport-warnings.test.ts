import { expect, test } from 'vitest';
import { listTransportWarnings } from './transport-warnings.ts';

const NO_TCP = { tcpPort: undefined };

test('buffers that are smaller than wanted are a warning that names the settings of the system', () => {
  const buffers = { wanted: 4_096, receive: 4_096, send: 2_048 };
  expect(listTransportWarnings(NO_TCP, { kind: 'openssl', buffers })).toMatchObject([
    { detail: expect.stringMatching(/receive 4096, send 2048, wanted 4096 bytes.*net\.core\.wmem_max/) },
  ]);
  expect(listTransportWarnings(NO_TCP, { kind: 'openssl', buffers: { ...buffers, send: 4_096 } })).toEqual([]);
  expect(listTransportWarnings(NO_TCP, { kind: 'libdatachannel' })).toEqual([]);
});

test('a TCP port that the transport cannot have is a warning', () => {
  expect(listTransportWarnings({ tcpPort: 7801 }, { kind: 'libdatachannel' })).toEqual([
    { message: 'media.tcpPort has no effect', detail: 'libdatachannel has no TCP port' },
  ]);
});

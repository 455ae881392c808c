import { expect, test } from 'vitest';
import { offerLayerExtensions } from './header-extensions.ts';

test('extensions that name sections and layers are offered also where the browser left them out (SIM-1)', () => {
  const offered: unknown[] = [];
  const uris = ['mid', 'rtp-stream-id', 'repaired-rtp-stream-id'].map(
    (name) => `urn:ietf:params:rtp-hdrext:sdes:${name}`,
  );
  offerLayerExtensions({
    getHeaderExtensionsToNegotiate: () =>
      [...uris, 'urn:ietf:params:rtp-hdrext:toffset'].map((uri) => ({ uri, direction: 'stopped' })),
    setHeaderExtensionsToNegotiate: (extensions: object[]) => offered.push(...extensions),
  });
  expect(offered).toEqual([
    ...uris.map((uri) => ({ uri, direction: 'sendrecv' })),
    { uri: 'urn:ietf:params:rtp-hdrext:toffset', direction: 'stopped' },
  ]);
});

test('a browser without this choice offers what it has', () => {
  expect(() => offerLayerExtensions({})).not.toThrow();
});

import { expect, test } from 'vitest';
import { offerUsedExtensions } from './header-extensions.ts';

test('the extensions that the server uses are offered also where the browser left them out (SIM-1, BWE-1)', () => {
  const offered: unknown[] = [];
  const uris = [
    ...['mid', 'rtp-stream-id', 'repaired-rtp-stream-id'].map((name) => `urn:ietf:params:rtp-hdrext:sdes:${name}`),
    'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
    'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  ];
  offerUsedExtensions({
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
  expect(() => offerUsedExtensions({})).not.toThrow();
});

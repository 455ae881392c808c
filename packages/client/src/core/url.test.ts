import { expect, test } from 'vitest';
import { isMixedContent, signallingUrl } from './url.ts';

test('the signalling door is found below any form of the server address', () => {
  expect(signallingUrl('https://a.test')).toBe('wss://a.test/signalling');
  expect(signallingUrl('http://a.test:8080/base/')).toBe('ws://a.test:8080/base/signalling');
  expect(signallingUrl('wss://a.test/signalling')).toBe('wss://a.test/signalling');
  expect(() => signallingUrl('a.test')).toThrow(expect.objectContaining({ code: 'request.malformed' }));
});

test('an https page may open ws at its own machine only (CONN-4)', () => {
  for (const url of ['ws://a.test/signalling', 'ws://10.0.0.1:7700/signalling', 'ws://[2001:db8::1]/signalling']) {
    expect([isMixedContent(url, 'https:'), isMixedContent(url, 'http:'), isMixedContent(url)]).toEqual([
      true,
      false,
      false,
    ]);
  }
  for (const url of [
    'wss://a.test',
    'ws://localhost:1/x',
    'ws://app.localhost',
    'ws://127.0.0.1:7700',
    'ws://[::1]:7700',
  ]) {
    expect(isMixedContent(url, 'https:')).toBe(false);
  }
});

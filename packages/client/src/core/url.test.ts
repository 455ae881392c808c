import { expect, test } from 'vitest';
import { signallingUrl } from './url.ts';

test('the signalling door is found below any form of the server address', () => {
  expect(signallingUrl('https://a.test')).toBe('wss://a.test/signalling');
  expect(signallingUrl('http://a.test:8080/base/')).toBe('ws://a.test:8080/base/signalling');
  expect(signallingUrl('wss://a.test/signalling')).toBe('wss://a.test/signalling');
  expect(() => signallingUrl('a.test')).toThrow(expect.objectContaining({ code: 'request.malformed' }));
});

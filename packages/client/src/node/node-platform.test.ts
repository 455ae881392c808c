import { SessionError } from '@gavel/client/node';
import { expect, onTestFinished, test, vi } from 'vitest';
import { nodePlatform } from './node-platform.ts';

class StubSocket {
  static readonly opened: string[] = [];
  onopen = () => {};
  constructor(url: string, protocol: string) {
    StubSocket.opened.push(`${url} ${protocol}`);
  }
  send(): void {}
  close(): void {}
}

const handlers = { opened: () => {}, message: () => {}, closed: () => {} };

test('a platform of Node opens sockets of the given class and has no media (SDK-1)', () => {
  const platform = nodePlatform({ WebSocket: StubSocket });
  platform.openSocket?.('ws://127.0.0.1:1/signalling', 'gavel.v1', handlers);
  expect(StubSocket.opened).toEqual(['ws://127.0.0.1:1/signalling gavel.v1']);
  expect(platform).toHaveProperty('media', undefined);
});

test('a Node without a WebSocket says which package has one', () => {
  vi.stubGlobal('WebSocket', undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  expect(() => nodePlatform()).toThrow(SessionError);
  expect(() => nodePlatform()).toThrow('Pass the class of the package "ws"');
});

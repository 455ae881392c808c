/**
 * The core's platform in Node: a WebSocket, and no media.
 *
 * @module
 */

import { SessionError } from '../core/errors.ts';
import { openSocketWith, type Platform } from '../core/platform.ts';

/** A WebSocket class as browsers, Node 22 and the package `ws` have it. */
// biome-ignore lint/suspicious/noExplicitAny: `ws` declares events of its own, which are used here as the DOM's.
export type WebSocketClass = new (url: string, protocol: string) => any;

/** What `nodePlatform` may be given. */
export interface NodePlatformOptions {
  /** The class that opens WebSockets; default is Node's own, which Node 22 and newer have. */
  readonly WebSocket?: WebSocketClass;
}

/**
 * Returns the platform for a `RoomSession` in Node. Sessions on it have no media: `publish` and `play` reject with
 * `client.no-media`.
 *
 * @throws SessionError `client.no-web-socket` if no class is given and this Node has none
 */
export function nodePlatform(options: NodePlatformOptions = {}): Partial<Platform> {
  const SocketClass = options.WebSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  if (!SocketClass) {
    throw new SessionError(
      'client.no-web-socket',
      'This Node has no WebSocket. Pass the class of the package "ws": nodePlatform({ WebSocket }).',
    );
  }
  return { openSocket: openSocketWith(SocketClass as typeof WebSocket), media: undefined };
}

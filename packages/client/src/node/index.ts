/**
 * `@gavel/client/node`: the core for bots and tests in Node 20 or newer, without media.
 *
 * @example
 * import { nodePlatform, RoomSession } from '@gavel/client/node';
 * import WebSocket from 'ws'; // Node 22 and newer bring a WebSocket of their own
 *
 * const session = new RoomSession({
 *   server: 'https://rooms.example.org',
 *   login: { credential: { scheme: 'app-token', appId: 1, token }, clientId: 'bot', roomId: 'lobby', userId: 'bot' },
 *   platform: nodePlatform({ WebSocket }),
 * });
 * await session.login();
 *
 * @module
 */

export * from '../core/index.ts';
export { type NodePlatformOptions, nodePlatform, type WebSocketClass } from './node-platform.ts';

/**
 * The part of the configuration's schema that is about clients' connections.
 *
 * @module
 */

import { Type } from 'typebox';

const closed = { additionalProperties: false } as const;

/** Limits of the signalling WebSocket. */
export const SIGNALLING_SCHEMA = Type.Object(
  {
    maxFrameBytes: Type.Integer({
      default: 131_072,
      minimum: 1024,
      maximum: 16_777_216,
      unit: 'bytes',
      description: 'Largest frame a client may send; a larger one closes its connection.',
    }),
    maxBufferedBytes: Type.Integer({
      default: 1_048_576,
      minimum: 65_536,
      maximum: 1_073_741_824,
      unit: 'bytes',
      description:
        'A client that leaves more than this unread, beside the largest frame it was sent, is dropped; it may resume.',
    }),
    maxLoginBytes: Type.Integer({
      default: 16_384,
      minimum: 1024,
      maximum: 16_777_216,
      unit: 'bytes',
      description:
        'Most that is kept of a frame that a connection has not finished before its login; a longer one closes the connection.',
    }),
    loginTimeoutMs: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 600_000,
      unit: 'ms',
      description: 'A connection that has not logged in after so long is closed.',
    }),
    maxPendingPerAddress: Type.Integer({
      default: 1000,
      minimum: 1,
      maximum: 1_000_000,
      unit: 'connections',
      description:
        'Most connections of one address that have not logged in yet; more are refused with 429. Behind a proxy it needs ' +
        '`trustedProxies`, or all clients have one address.',
    }),
  },
  closed,
);

/** Deadlines of HTTP connections. */
export const HTTP_SCHEMA = Type.Object(
  {
    headersTimeoutMs: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 600_000,
      unit: 'ms',
      description: 'A connection that has not sent the headers of a request after this time is closed.',
    }),
    requestTimeoutMs: Type.Integer({
      default: 30_000,
      minimum: 100,
      maximum: 600_000,
      unit: 'ms',
      description:
        'A request that has not been received completely, body included, after this time is answered 408 and its ' +
        'connection closed. Not shorter than `http.headersTimeoutMs`.',
    }),
    idleTimeoutMs: Type.Integer({
      default: 75_000,
      minimum: 100,
      maximum: 3_600_000,
      unit: 'ms',
      description:
        'A connection on which nothing was sent or received for this time is closed, between two requests as well as while ' +
        'its client does not read an answer. Longer than the idle time of a proxy before the server. WebSockets have the ' +
        'heartbeat instead.',
    }),
  },
  closed,
);

/**
 * The part of the configuration's schema for the connections of clients.
 *
 * @module
 */

import { Type } from 'typebox';

const closed = { additionalProperties: false } as const;

/** Limits of the signalling WebSocket. */
export const SIGNALLING_SCHEMA = Type.Object(
  {
    maxFrameBytes: Type.Integer({
      default: 524_288,
      minimum: 1024,
      maximum: 16_777_216,
      unit: 'bytes',
      description: 'Maximum size of a frame from a client; a larger frame closes the connection.',
    }),
    maxBufferedBytes: Type.Integer({
      default: 1_048_576,
      minimum: 65_536,
      maximum: 1_073_741_824,
      unit: 'bytes',
      description:
        'A client is disconnected if more than this, plus the largest frame sent to it, is unread; it may resume.',
    }),
    maxLoginBytes: Type.Integer({
      default: 16_384,
      minimum: 1024,
      maximum: 16_777_216,
      unit: 'bytes',
      description:
        'Maximum number of bytes buffered for an unfinished frame before login; a longer frame closes the connection.',
    }),
    loginTimeoutMs: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 600_000,
      unit: 'ms',
      description: 'A connection that has not logged in within this time is closed.',
    }),
    maxPendingPerAddress: Type.Integer({
      default: 1000,
      minimum: 1,
      maximum: 1_000_000,
      unit: 'connections',
      description:
        'Maximum number of connections of one address that have not logged in; more are refused with 429. Behind a proxy, set ' +
        '`trustedProxies`; otherwise all clients have the same address.',
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
      description: 'A connection that has not sent all headers of a request within this time is closed.',
    }),
    requestTimeoutMs: Type.Integer({
      default: 30_000,
      minimum: 100,
      maximum: 600_000,
      unit: 'ms',
      description:
        'A request that is not received completely, including its body, within this time is answered 408 and its ' +
        'connection is closed. Must not be shorter than `http.headersTimeoutMs`.',
    }),
    idleTimeoutMs: Type.Integer({
      default: 75_000,
      minimum: 100,
      maximum: 3_600_000,
      unit: 'ms',
      description:
        'A connection on which nothing is sent or received for this time is closed, between requests and also while ' +
        'its client does not read a response. Should be longer than the idle timeout of a proxy in front of the server. WebSockets use the ' +
        'heartbeat instead.',
    }),
  },
  closed,
);

/** Certificates of the server, for installations without a TLS proxy. */
export const TLS_SCHEMA = Type.Object(
  {
    certFile: Type.String({
      minLength: 1,
      description:
        'PEM file with the certificate, followed by those of its issuers. SIGHUP reads both files again (START-4).',
      example: '/etc/letsencrypt/live/rooms.example.org/fullchain.pem',
    }),
    keyFile: Type.String({
      minLength: 1,
      description: 'PEM file with the private key, without a passphrase.',
      example: '/etc/letsencrypt/live/rooms.example.org/privkey.pem',
    }),
  },
  {
    ...closed,
    description: 'Makes the port serve HTTPS and secure WebSockets. Without it, the port serves plain HTTP.',
  },
);

/**
 * The schema of the whole configuration: every key with its meaning, default, unit and limits. The sample file and the
 * reference page are printed from it (`scripts/generate-docs.ts`).
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import { API_TOKEN_SCHEMA, APP_SCHEMA } from './app-schema.ts';
import { HTTP_SCHEMA, SIGNALLING_SCHEMA } from './connection-schema.ts';

const closed = { additionalProperties: false } as const;

const rooms = Type.Object(
  {
    heartbeatIntervalMs: Type.Integer({
      default: 30_000,
      minimum: 100,
      maximum: 3_600_000,
      unit: 'ms',
      description: 'How often a client is told to send a heartbeat.',
    }),
    heartbeatTimeoutMs: Type.Integer({
      default: 100_000,
      minimum: 200,
      maximum: 86_400_000,
      unit: 'ms',
      description:
        'A member that was not heard of for so long is taken out (ROOM-4). Longer than `rooms.heartbeatIntervalMs`.',
    }),
    maxLoginsPerSecond: Type.Integer({
      default: 200,
      minimum: 1,
      maximum: 1_000_000,
      unit: 'logins/s',
      description: 'Most logins to one room in any second; more are refused (LIM-1).',
    }),
    maxStreamsPerMember: Type.Integer({
      default: 20,
      minimum: 0,
      maximum: 1_000_000,
      unit: 'streams',
      description: 'Most streams that one member publishes at a time; more are refused (LIM-7). 0 is no limit.',
    }),
    maxPlaysPerMember: Type.Integer({
      default: 200,
      minimum: 0,
      maximum: 1_000_000,
      unit: 'streams',
      description: 'Most streams that one member plays at a time; more are refused (LIM-7). 0 is no limit.',
    }),
    maxStreamsPerApp: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 1_000_000_000,
      unit: 'streams',
      description:
        'Most streams of one App at a time, in both environments, those of AddStream included; more are refused (LIM-7). 0 is no limit.',
    }),
    maxPlaysPerApp: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 1_000_000_000,
      unit: 'streams',
      description: 'Most plays of one App at a time, in both environments; more are refused (LIM-7). 0 is no limit.',
    }),
  },
  closed,
);

const callbacks = Type.Object(
  {
    timeoutMs: Type.Integer({
      default: 5000,
      minimum: 100,
      maximum: 60_000,
      unit: 'ms',
      description: 'How long an attempt may take, from the connection to the end of the answer.',
    }),
    maxInFlightPerEndpoint: Type.Integer({
      default: 32,
      minimum: 1,
      maximum: 1000,
      unit: 'callbacks',
      description: 'Most callbacks that one address of one App is sent at the same time, all of different rooms.',
    }),
    maxInMemoryPerEndpoint: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 1_000_000,
      unit: 'callbacks',
      description: 'Most callbacks that wait in memory for one address of one App; more of them wait in the database.',
    }),
    keepFailedDays: Type.Integer({
      default: 7,
      minimum: 1,
      maximum: 3650,
      unit: 'days',
      description: 'How long callbacks that were given up are kept; they can be sent again by the admin API.',
    }),
    allowPrivateTargets: Type.Boolean({
      defaultText: 'true in dev mode, false in production',
      description:
        'Whether callbacks may go to addresses that are not public: of this machine, of private networks, link-local ' +
        'and multicast ones. It is seen to at each connection too, whatever a name resolves to.',
    }),
  },
  closed,
);

const realtimekit = Type.Object(
  {
    rateLimit: Type.Object(
      {
        requests: Type.Integer({
          default: 3500,
          minimum: 1,
          maximum: 1_000_000_000,
          unit: 'calls',
          description: 'Most calls of one API token in one window; then 429 until the window is over.',
        }),
        windowSeconds: Type.Integer({
          default: 300,
          minimum: 1,
          maximum: 86_400,
          unit: 's',
          description: 'Length of a window. It begins with the first call after the last one.',
        }),
      },
      { ...closed, description: 'How often an API token may be used.' },
    ),
    retention: Type.Object(
      {
        sessionDays: Type.Integer({
          default: 180,
          minimum: 1,
          maximum: 36_500,
          unit: 'days',
          description:
            'How long sessions that have ended are kept, with those who were in them and what was said (RTK-16).',
        }),
        chatDays: Type.Integer({
          default: 7,
          minimum: 1,
          maximum: 36_500,
          unit: 'days',
          description:
            'How long what was said in a session is kept after its end, where its meeting has no `persist_chat`; with it, as long as the session.',
        }),
      },
      { ...closed, description: 'How long the history of sessions is kept.' },
    ),
  },
  closed,
);

const udpPort = (description: string) => Type.Integer({ minimum: 1024, maximum: 65_535, description });

const media = Type.Object(
  {
    workers: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 64,
      unit: 'processes',
      description: 'Worker processes that forward media. A room stays on one of them.',
    }),
    port: Type.Integer({
      default: 7701,
      minimum: 0,
      maximum: 65_535,
      description:
        'UDP port of the first worker; each further worker has the next one. They are bound as long as the server runs; a start that cannot bind one fails. 0 picks free ones. Unused with a port range.',
    }),
    portRange: Type.Optional(
      Type.Object(
        { min: udpPort('First UDP port.'), max: udpPort('Last UDP port.') },
        {
          ...closed,
          defaultText: 'one port per worker',
          description:
            'UDP ports for peer connections, one each, instead of one port per worker. The range is split between the workers; when all ports are in use, publishing and playing is refused with `media.unavailable`.',
        },
      ),
    ),
    connectTimeoutMs: Type.Integer({
      default: 30_000,
      minimum: 1_000,
      maximum: 600_000,
      unit: 'ms',
      description: 'A new publish whose media does not come up within this time is ended (MED-6).',
    }),
    listenAddress: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        rule: 'an IP address',
        pattern: '^[0-9A-Fa-f:]*[.:][0-9A-Fa-f.:]*$',
        defaultText: 'all addresses',
        description: 'Local IP address that media is received on.',
      }),
    ),
    announcedAddress: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        rule: 'an IP address',
        pattern: '^[0-9A-Fa-f:]*[.:][0-9A-Fa-f.:]*$',
        env: 'GAVEL_ANNOUNCED_ADDRESS',
        defaultText: "the machine's own addresses",
        description: 'IP address that clients are told to send media to, where it differs (NAT, containers, clouds).',
      }),
    ),
    iceServers: Type.Optional(
      Type.Array(
        Type.String({ pattern: '^(stun|turn|turns):\\S+$', rule: 'a stun:, turn: or turns: address', secret: true }),
        {
          defaultText: 'none',
          description:
            'STUN and TURN servers the workers use for themselves, as `stun:host:port` or ' +
            '`turn:user:password@host:port`. Hardly ever needed: clients come to the server.',
        },
      ),
    ),
  },
  closed,
);

/** The schema of the configuration. */
export const CONFIG_SCHEMA = Type.Object(
  {
    mode: Type.Union([Type.Literal('dev'), Type.Literal('production')], {
      default: 'production',
      description: '`dev` makes one App with random secrets at its first start. The command line has `--dev` for it.',
    }),
    host: Type.String({
      minLength: 1,
      maxLength: 255,
      defaultText: '`127.0.0.1` in dev mode, `0.0.0.0` in production',
      description: 'Address that HTTP and WebSocket are served on.',
    }),
    port: Type.Integer({
      default: 7700,
      minimum: 0,
      maximum: 65_535,
      description: 'TCP port for HTTP and WebSocket; 0 lets the system choose. The command line has `--port` for it.',
    }),
    dataDir: Type.String({
      default: './data',
      minLength: 1,
      description: 'Folder of the database and, in dev mode, of the credentials. Made when missing.',
    }),
    publicUrl: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s/]+(/\\S*)?$',
        rule: 'an http:// or https:// address',
        defaultText: 'made of host and port',
        description: 'Address that clients reach this server by, where a proxy stands before it.',
      }),
    ),
    trustedProxies: Type.Array(
      Type.String({
        pattern: '^[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?$',
        rule: 'an IP address, or a range such as 10.0.0.0/8 (prefix at least 1)',
        description: 'One proxy, or a range of addresses.',
      }),
      {
        default: [],
        description:
          'Proxies whose `X-Forwarded-For` is believed. Without it all clients behind a proxy have the address of the proxy, for bans and for limits.',
      },
    ),
    logLevel: Type.Union(
      [
        Type.Literal('trace'),
        Type.Literal('debug'),
        Type.Literal('info'),
        Type.Literal('warn'),
        Type.Literal('error'),
        Type.Literal('silent'),
      ],
      { default: 'info', description: 'Least level that is logged.' },
    ),
    apps: Type.Array(APP_SCHEMA, { default: [], description: 'The Apps (tenants) and their keys.' }),
    apiTokens: Type.Array(API_TOKEN_SCHEMA, { default: [], description: 'Bearer tokens for the RealtimeKit API.' }),
    adminKey: Type.Optional(
      Type.String({
        pattern: '^[\\x21-\\x7e]{20,512}$',
        rule: '20 to 512 printable ASCII characters',
        secret: true,
        defaultText: "the dev App's API token in dev mode; without a key there is no admin API",
        description: 'Bearer key of the admin API, which rules over all Apps.',
      }),
    ),
    rooms: Type.Object(rooms.properties, { ...closed, description: 'Life of rooms.' }),
    http: Type.Object(HTTP_SCHEMA.properties, {
      ...closed,
      description: 'Deadlines of HTTP connections, for all APIs.',
    }),
    signalling: Type.Object(SIGNALLING_SCHEMA.properties, {
      ...closed,
      description: 'The WebSocket that clients use.',
    }),
    callbacks: Type.Object(callbacks.properties, { ...closed, description: 'Sending of server callbacks.' }),
    realtimekit: Type.Object(realtimekit.properties, { ...closed, description: 'The RealtimeKit API.' }),
    media: Type.Object(media.properties, { ...closed, description: 'Forwarding of audio and video.' }),
  },
  closed,
);

/** The whole configuration, with every default filled in. */
export type Config = Static<typeof CONFIG_SCHEMA>;
/** One App of the configuration. */
export type AppConfig = Config['apps'][number];
/** One Bearer token of the configuration. */
export type ApiTokenConfig = Config['apiTokens'][number];

/**
 * The schema of the whole configuration: every key with its meaning, default, unit and limits. The sample file and the
 * reference page are printed from it (`scripts/generate-docs.ts`).
 *
 * @module
 */

import { availableParallelism } from 'node:os';
import { type Static, Type } from 'typebox';
import { API_TOKEN_SCHEMA, APP_SCHEMA } from './app-schema.ts';
import { BANS_SCHEMA } from './bans-schema.ts';
import { CLUSTER_SCHEMA } from './cluster-schema.ts';
import { HTTP_SCHEMA, SIGNALLING_SCHEMA, TLS_SCHEMA } from './connection-schema.ts';
import { STORE_SCHEMA } from './store-schema.ts';
import { TURN_SCHEMA } from './turn-schema.ts';

const closed = { additionalProperties: false } as const;

const rooms = Type.Object(
  {
    heartbeatIntervalMs: Type.Integer({
      default: 30_000,
      minimum: 100,
      maximum: 3_600_000,
      unit: 'ms',
      description: 'Interval at which clients send heartbeats.',
    }),
    heartbeatTimeoutMs: Type.Integer({
      default: 100_000,
      minimum: 200,
      maximum: 86_400_000,
      unit: 'ms',
      description:
        'A member that sends nothing for this time is removed (ROOM-4). Must be longer than `rooms.heartbeatIntervalMs`.',
    }),
    maxLoginsPerSecond: Type.Integer({
      default: 200,
      minimum: 1,
      maximum: 1_000_000,
      unit: 'logins/s',
      description: 'Maximum number of logins to one room in any second; more are refused (LIM-1).',
    }),
    maxStreamsPerMember: Type.Integer({
      default: 20,
      minimum: 0,
      maximum: 1_000_000,
      unit: 'streams',
      description:
        'Maximum number of streams that one member publishes at the same time; more are refused (LIM-7). 0 means no limit.',
    }),
    maxPlaysPerMember: Type.Integer({
      default: 200,
      minimum: 0,
      maximum: 1_000_000,
      unit: 'streams',
      description:
        'Maximum number of streams that one member plays at the same time; more are refused (LIM-7). 0 means no limit.',
    }),
    maxStreamsPerApp: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 1_000_000_000,
      unit: 'streams',
      description:
        'Maximum number of streams of one App at the same time, in both environments together, including streams from AddStream; more are refused (LIM-7). 0 means no limit.',
    }),
    maxPlaysPerApp: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 1_000_000_000,
      unit: 'streams',
      description:
        'Maximum number of plays of one App at the same time, in both environments together; more are refused (LIM-7). 0 means no limit.',
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
      description: 'Timeout of one attempt, from the connection to the end of the response.',
    }),
    maxInFlightPerEndpoint: Type.Integer({
      default: 64,
      minimum: 1,
      maximum: 1000,
      unit: 'callbacks',
      description: 'Maximum number of callbacks in flight to one URL of one App. They are of different rooms.',
    }),
    maxInMemoryPerEndpoint: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 1_000_000,
      unit: 'callbacks',
      description:
        'Maximum number of callbacks that wait in memory for one URL of one App; further callbacks wait in the database.',
    }),
    keepFailedDays: Type.Integer({
      default: 7,
      minimum: 1,
      maximum: 3650,
      unit: 'days',
      description: 'How long callbacks that failed permanently are kept; the admin API can send them again.',
    }),
    allowPrivateTargets: Type.Boolean({
      defaultText: 'true in dev mode, false in production',
      description:
        'Whether callbacks may go to addresses that are not public: addresses of this machine, of private networks, link-local ' +
        'and multicast addresses. The address that a host name resolves to is checked at every connection.',
    }),
  },
  closed,
);

const audit = Type.Object(
  {
    keepDays: Type.Integer({
      default: 400,
      minimum: 1,
      maximum: 36_500,
      unit: 'days',
      description: 'How long audit rows are kept (AUDIT-1). They are never changed, and deleted by age only.',
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
          description:
            'Maximum number of calls of one API token in one window. Further calls are answered 429 until the window ends.',
        }),
        windowSeconds: Type.Integer({
          default: 300,
          minimum: 1,
          maximum: 86_400,
          unit: 's',
          description: 'Length of a window. A window begins with the first call after the previous window ended.',
        }),
      },
      { ...closed, description: 'Rate limit of an API token.' },
    ),
    retention: Type.Object(
      {
        sessionDays: Type.Integer({
          default: 180,
          minimum: 1,
          maximum: 36_500,
          unit: 'days',
          description: 'How long ended sessions are kept, with their participants and chat messages (RTK-16).',
        }),
        chatDays: Type.Integer({
          default: 7,
          minimum: 1,
          maximum: 36_500,
          unit: 'days',
          description:
            'How long the chat messages of a session are kept after its end. If the meeting has `persist_chat`, they are kept as long as the session.',
        }),
      },
      { ...closed, description: 'How long the history of sessions is kept.' },
    ),
  },
  closed,
);

const bytes = { minimum: 0, maximum: 1_125_899_906_842_624, unit: 'bytes' } as const;

const chat = Type.Object(
  {
    maxFileBytes: Type.Integer({
      ...bytes,
      default: 26_214_400,
      description: 'Maximum size of a file of a chat message. 0: no files.',
    }),
    maxRoomFileBytes: Type.Integer({
      ...bytes,
      default: 1_073_741_824,
      description:
        'Maximum size of all files of a room together, uploads under way and kept files of its earlier sessions included.',
    }),
    maxAppFileBytes: Type.Integer({
      ...bytes,
      default: 10_737_418_240,
      description: 'Maximum size of all files of an App together.',
    }),
  },
  closed,
);

const udpPort = (description: string) => Type.Integer({ minimum: 1024, maximum: 65_535, description });

const MAX_WORKERS = 64;

const media = Type.Object(
  {
    workers: Type.Integer({
      default: Math.max(1, Math.min(MAX_WORKERS, availableParallelism() - 1)),
      defaultText: 'the CPU cores less one, at least 1',
      minimum: 1,
      maximum: MAX_WORKERS,
      unit: 'processes',
      description:
        'Number of worker processes that forward media. A room begins on one worker; when that has 300 subscriptions, or uses 70 % of a core, the next members of the room are on the next one.',
    }),
    port: Type.Integer({
      default: 7701,
      minimum: 0,
      maximum: 65_535,
      description:
        'UDP port of the first worker; each further worker uses the next port. The ports stay bound while the server runs; if one cannot be bound, the server does not start. 0 selects free ports. Not used with a port range.',
    }),
    portRange: Type.Optional(
      Type.Object(
        { min: udpPort('First UDP port.'), max: udpPort('Last UDP port.') },
        {
          ...closed,
          defaultText: 'one port per worker',
          description:
            'UDP ports for peer connections, one port per peer connection, instead of one port per worker. The range is split between the workers; when all ports are in use, publishing and playing is refused with `media.unavailable`.',
        },
      ),
    ),
    tcpPort: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 65_535,
        defaultText: 'none',
        description:
          'TCP port of the first worker, for clients whose network blocks UDP (ICE-TCP); each further worker uses the next port. 0 selects free ports. Clients use it only when UDP does not work. Needs the transport `openssl`.',
      }),
    ),
    transport: Type.Union([Type.Literal('auto'), Type.Literal('openssl'), Type.Literal('libdatachannel')], {
      default: 'auto',
      description:
        'What connects the workers with clients: `openssl` is ICE, DTLS and SRTP on the OpenSSL inside Node, `libdatachannel` a native library. `auto` is `openssl` where it passes its self-test (Linux on x64 and arm64, one port per worker, no `media.iceServers`), else `libdatachannel`; the log says which and why.',
    }),
    maxViewerBitrate: Type.Integer({
      default: 50_000_000,
      minimum: 300_000,
      maximum: 1_000_000_000,
      unit: 'bit/s',
      description:
        'What is sent to one viewer at most, whatever its network takes. Its bandwidth is estimated from its feedback, from 300,000 bit/s on (BWE-1); a client that gives no feedback is not limited.',
    }),
    connectTimeoutMs: Type.Integer({
      default: 30_000,
      minimum: 1_000,
      maximum: 600_000,
      unit: 'ms',
      description: 'A new publish whose media does not connect within this time is ended (MED-6).',
    }),
    listenAddress: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 255,
        rule: 'an IP address',
        pattern: '^[0-9A-Fa-f:]*[.:][0-9A-Fa-f.:]*$',
        defaultText: 'all addresses',
        description: 'Local IP address for media.',
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
        description:
          'IP address that clients send media to, if it differs from the local address (NAT, containers, clouds).',
      }),
    ),
    iceServers: Type.Optional(
      Type.Array(
        Type.String({ pattern: '^(stun|turn|turns):\\S+$', rule: 'a stun:, turn: or turns: address', secret: true }),
        {
          defaultText: 'none',
          description:
            'STUN and TURN servers that the workers use, as `stun:host:port` or ' +
            '`turn:user:password@host:port`. Rarely needed, because clients connect to the server.',
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
      description: '`dev` creates one App with random secrets at the first start. Command line: `--dev`.',
    }),
    host: Type.String({
      minLength: 1,
      maxLength: 255,
      defaultText: '`127.0.0.1` in dev mode, `0.0.0.0` in production',
      description: 'Address on which the server listens for HTTP and WebSocket connections.',
    }),
    port: Type.Integer({
      default: 7700,
      minimum: 0,
      maximum: 65_535,
      description: 'TCP port for HTTP and WebSocket; with 0 the system selects a free port. Command line: `--port`.',
    }),
    dataDir: Type.String({
      default: './data',
      minLength: 1,
      description:
        'Folder of the database (unless `store.url` is set), of the files of chat messages and, in dev mode, of the credentials. Created if missing.',
    }),
    store: STORE_SCHEMA,
    cluster: Type.Optional(CLUSTER_SCHEMA),
    publicUrl: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s/]+(/\\S*)?$',
        rule: 'an http:// or https:// address',
        defaultText: 'from host and port',
        description: 'URL at which clients reach this server, if it is behind a proxy.',
      }),
    ),
    trustedProxies: Type.Array(
      Type.String({
        pattern: '^[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?$',
        rule: 'an IP address, or a range such as 10.0.0.0/8 (prefix at least 1)',
        description: 'The address of a proxy, or a range of addresses.',
      }),
      {
        default: [],
        description:
          'Proxies whose `X-Forwarded-For` header is trusted. Without this, bans and limits treat all clients behind a proxy as one address: the address of the proxy.',
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
      { default: 'info', description: 'Lowest level that is logged.' },
    ),
    apps: Type.Array(APP_SCHEMA, { default: [], description: 'The Apps (tenants) and their keys.' }),
    apiTokens: Type.Array(API_TOKEN_SCHEMA, { default: [], description: 'Bearer tokens for the RealtimeKit API.' }),
    adminKey: Type.Optional(
      Type.String({
        pattern: '^[\\x21-\\x7e]{20,512}$',
        rule: '20 to 512 printable ASCII characters',
        secret: true,
        defaultText: "the dev App's API token in dev mode; without a key there is no admin API",
        description: 'Bearer key of the admin API, which controls all Apps.',
      }),
    ),
    playground: Type.Boolean({
      defaultText: 'true in dev mode, false in production',
      description:
        'Whether `/` is the playground, a page on which anyone with a token can join a room. Without it, `/` leads browsers to the console, if there is an admin API.',
    }),
    rooms: Type.Object(rooms.properties, { ...closed, description: 'Limits and timeouts of rooms.' }),
    bans: BANS_SCHEMA,
    http: Type.Object(HTTP_SCHEMA.properties, {
      ...closed,
      description: 'Deadlines of HTTP connections, for all APIs.',
    }),
    tls: Type.Optional(TLS_SCHEMA),
    signalling: Type.Object(SIGNALLING_SCHEMA.properties, {
      ...closed,
      description: 'The signalling WebSocket.',
    }),
    chat: Type.Object(chat.properties, {
      ...closed,
      description: 'Files of chat messages. They are kept in the data folder.',
    }),
    callbacks: Type.Object(callbacks.properties, { ...closed, description: 'Sending of server callbacks.' }),
    audit: Type.Object(audit.properties, { ...closed, description: 'The audit trail.' }),
    realtimekit: Type.Object(realtimekit.properties, { ...closed, description: 'The RealtimeKit API.' }),
    media: Type.Object(media.properties, { ...closed, description: 'Forwarding of audio and video.' }),
    turn: TURN_SCHEMA,
  },
  closed,
);

/** The whole configuration, with every default filled in. */
export type Config = Static<typeof CONFIG_SCHEMA>;
/** One App of the configuration. */
export type AppConfig = Config['apps'][number];
/** One Bearer token of the configuration. */
export type ApiTokenConfig = Config['apiTokens'][number];

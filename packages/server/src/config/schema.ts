/**
 * The schema of the whole configuration: every key with its meaning, default, unit and limits. The sample file and the
 * reference page are printed from it (`scripts/generate-docs.ts`).
 *
 * @module
 */

import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;

/** What an RFC 4122 id looks like. */
const UUID = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';
const uuid = (description: string) => Type.String({ pattern: UUID, rule: 'a UUID', description });

const callsPerSecond = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, unit: 'calls/s', description }));

const rateLimit = Type.Object(
  {
    production: callsPerSecond('Calls per second.'),
    test: callsPerSecond('Calls per second in the test environment.'),
  },
  closed,
);

const callbackUrl = (description: string) =>
  Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s/?#@\\\\]+([/?]\\S*)?$',
      maxLength: 2048,
      rule: 'an http:// or https:// address of at most 2048 characters, without a user name',
      description,
    }),
  );

const appCallbacks = Type.Object(
  {
    roomUrl: callbackUrl('Told when rooms begin and end.'),
    userUrl: callbackUrl('Told when users log in and out.'),
    streamUrl: callbackUrl('Told when streams begin and end.'),
  },
  {
    ...closed,
    rule: 'a map of `roomUrl`, `userUrl` and `streamUrl`, each an http:// or https:// address',
    description: 'Where server callbacks go, by group. A group without an address is not sent.',
    example: { roomUrl: 'https://backend.example/gavel' },
  },
);

const app = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, description: 'Name, for people.', example: 'my-app' }),
    appId: Type.Integer({
      minimum: 1,
      maximum: 0xffff_ffff,
      description: 'Identifies the App in the ZEGO API.',
      example: 1234567890,
    }),
    serverSecret: Type.String({
      pattern: '^[\\x21-\\x7e]{32}$',
      rule: '32 printable ASCII characters',
      secret: true,
      description: 'Signs calls of the ZEGO API and encrypts login tokens.',
    }),
    callbackSecret: Type.String({
      pattern: '^[\\x21-\\x7e]{1,128}$',
      rule: '1 to 128 printable ASCII characters',
      secret: true,
      description: 'Signs server callbacks.',
    }),
    callbacks: Type.Optional(appCallbacks),
    accountId: Type.String({
      pattern: '^[0-9A-Za-z_-]{1,32}$',
      rule: '1 to 32 letters, digits, - and _',
      description: 'The account the App belongs to in the RealtimeKit API.',
      example: 'my-account',
    }),
    rtkAppId: Type.String({
      pattern: UUID,
      rule: 'a UUID',
      description: 'Identifies the App in the RealtimeKit API.',
      example: '3f2b1c9e-7a54-4c1d-9e61-0c6f2a8d5b70',
    }),
    allowNoToken: Type.Boolean({
      default: false,
      description: 'Whether clients may log in without a token: anyone can then enter any room as anyone (AUTH-3).',
    }),
    rejectReplays: Type.Boolean({
      default: false,
      description: 'Whether a signature is good for one call of a mutating Action only (ACC-7).',
    }),
    rateLimits: Type.Optional(
      Type.Record(Type.String(), rateLimit, {
        description: 'Limits by Action that replace the default ones, as `{KickoutUser: {production: 50, test: 50}}`.',
      }),
    ),
  },
  closed,
);

const apiToken = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, description: 'Name, for people.', example: 'backend' }),
    accountId: Type.String({
      pattern: '^[0-9A-Za-z_-]{1,32}$',
      rule: '1 to 32 letters, digits, - and _',
      description: 'The account the token is good for.',
      example: 'my-account',
    }),
    token: Type.String({
      pattern: '^[\\x21-\\x7e]{20,512}$',
      rule: '20 to 512 printable ASCII characters',
      secret: true,
      description: 'The Bearer token itself.',
    }),
    appIds: Type.Optional(
      Type.Array(uuid('An `rtkAppId`.'), {
        description: 'The Apps (`rtkAppId`) the token is good for; absent means all of the account.',
      }),
    ),
  },
  closed,
);

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
  },
  closed,
);

const signalling = Type.Object(
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
      description: 'A client that reads so slowly that more than this waits for it is dropped, and may come back.',
    }),
    loginTimeoutMs: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 600_000,
      unit: 'ms',
      description: 'A connection that has not logged in after so long is closed.',
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
        'UDP port of the first worker; each further worker takes the next one. 0 picks free ones. Unused with a port range.',
    }),
    portRange: Type.Optional(
      Type.Object(
        { min: udpPort('First UDP port.'), max: udpPort('Last UDP port.') },
        {
          ...closed,
          defaultText: 'one port per worker',
          description:
            'UDP ports that all workers share, one for each peer connection, instead of one port per worker.',
        },
      ),
    ),
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
    apps: Type.Array(app, { default: [], description: 'The Apps (tenants) and their keys.' }),
    apiTokens: Type.Array(apiToken, { default: [], description: 'Bearer tokens for the RealtimeKit API.' }),
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
    signalling: Type.Object(signalling.properties, { ...closed, description: 'The WebSocket that clients use.' }),
    callbacks: Type.Object(callbacks.properties, { ...closed, description: 'Sending of server callbacks.' }),
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

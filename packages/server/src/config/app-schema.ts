/**
 * The schema of Apps and API tokens, the lists of the configuration.
 *
 * @module
 */

import { Type } from 'typebox';
import { APP_TURN_SCHEMA } from './turn-schema.ts';

const closed = { additionalProperties: false } as const;

/** The format of an RFC 4122 id. */
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
    roomUrl: callbackUrl('Receives callbacks when rooms are created and closed.'),
    userUrl: callbackUrl('Receives callbacks when users log in and out.'),
    streamUrl: callbackUrl('Receives callbacks when streams begin and end.'),
  },
  {
    ...closed,
    rule: 'a map of `roomUrl`, `userUrl` and `streamUrl`, each an http:// or https:// address',
    description: 'URLs of server callbacks, by group. A group without a URL is not sent.',
    example: { roomUrl: 'https://backend.example/gavel' },
  },
);

/** An App. */
export const APP_SCHEMA = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, description: 'Display name.', example: 'my-app' }),
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
      description:
        'Whether clients may log in without a token. Anyone can then enter any room under any user id (AUTH-3).',
    }),
    rejectReplays: Type.Boolean({
      default: false,
      description: 'Whether a signature is valid for only one call of a mutating Action (ACC-7).',
    }),
    turn: Type.Optional(APP_TURN_SCHEMA),
    rateLimits: Type.Optional(
      Type.Record(Type.String(), rateLimit, {
        description:
          'Limits by Action that replace the default limits, such as `{KickoutUser: {production: 50, test: 50}}`.',
      }),
    ),
  },
  closed,
);

/** A Bearer token of the RealtimeKit API. */
export const API_TOKEN_SCHEMA = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, description: 'Display name.', example: 'backend' }),
    accountId: Type.String({
      pattern: '^[0-9A-Za-z_-]{1,32}$',
      rule: '1 to 32 letters, digits, - and _',
      description: 'The account that the token is valid for.',
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
        description: 'The Apps (`rtkAppId`) that the token is valid for. If absent: all Apps of the account.',
      }),
    ),
  },
  closed,
);

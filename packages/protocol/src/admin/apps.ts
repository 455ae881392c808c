/**
 * Apps, their keys and presets, and the nodes of the server, at the admin API.
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import { APP_ID, appIdOf, CLOSED, NEXT, PAGE_QUERY, TIME_MS } from './common.ts';

const ACCOUNT_ID = Type.String({ minLength: 1, maxLength: 32, description: 'The account of the App.' });

/** An App, without its keys. */
export const APP_ITEM = Type.Object({
  appId: APP_ID,
  rtkAppId: Type.String({ description: 'The id of the App at the meetings API.' }),
  accountId: Type.String(),
  name: Type.String(),
  createdAtMs: TIME_MS,
});
/** An App, without its keys. */
export type AppItem = Static<typeof APP_ITEM>;

/** Selects Apps. */
export const APP_LIST_QUERY = Type.Object(
  { accountId: Type.Optional(Type.String({ minLength: 1, maxLength: 32, description: 'Only Apps of this account.' })) },
  CLOSED,
);
/** Selects Apps. */
export type AppListQuery = Static<typeof APP_LIST_QUERY>;

/** The Apps that the caller may access, oldest first. */
export const APP_LIST = Type.Object({ apps: Type.Array(APP_ITEM) });
/** The Apps that the caller may access, oldest first. */
export type AppList = Static<typeof APP_LIST>;

/** Creates an App. */
export const NEW_APP = Type.Object(
  { accountId: ACCOUNT_ID, name: Type.String({ minLength: 1, maxLength: 100 }) },
  CLOSED,
);
/** Creates an App. */
export type NewApp = Static<typeof NEW_APP>;

/** The path parameter of an App. */
export const APP_PATH = Type.Object({ appId: APP_ID }, CLOSED);
/** The path parameter of an App. */
export type AppPath = Static<typeof APP_PATH>;

const KEY_ID = Type.String({ description: 'Names a secret without revealing it: 8 hex digits of its SHA-256.' });

const SECRET_KIND = Type.Union([Type.Literal('server'), Type.Literal('callback')], {
  description: '`server`: signs API calls and login tokens. `callback`: signs callbacks.',
});

/** The keys of an App, without the secrets. */
export const APP_KEYS = Type.Object({
  appId: APP_ID,
  isConfigured: Type.Boolean({ description: 'Whether the configuration has the secrets. They are changed there.' }),
  areShown: Type.Boolean({ description: 'Whether an owner was shown the secrets. They are shown once.' }),
  keyId: { ...KEY_ID, description: 'Names the server secret: 8 hex digits of its SHA-256.' },
  callbackKeyId: { ...KEY_ID, description: 'Names the callback secret: 8 hex digits of its SHA-256.' },
  earlier: Type.Array(
    Type.Object({
      kind: SECRET_KIND,
      keyId: KEY_ID,
      validUntilMs: { ...TIME_MS, description: 'Milliseconds since the Unix epoch.' },
    }),
    { description: 'Earlier secrets that are still valid, latest first.' },
  ),
});
/** The keys of an App, without the secrets. */
export type AppKeys = Static<typeof APP_KEYS>;

/** Secrets of an App. No later answer has them. */
export const APP_SECRETS = Type.Object({
  ...APP_KEYS.properties,
  serverSecret: Type.Optional(
    Type.String({ description: 'Signs API calls and login tokens. Absent if not replaced.' }),
  ),
  callbackSecret: Type.Optional(Type.String({ description: 'Signs callbacks. Absent if not replaced.' })),
});
/** Secrets of an App. No later answer has them. */
export type AppSecrets = Static<typeof APP_SECRETS>;

/** An App that was just created, with its secrets. */
export const CREATED_APP = Type.Object({ ...APP_ITEM.properties, ...APP_SECRETS.properties });
/** An App that was just created, with its secrets. */
export type CreatedApp = Static<typeof CREATED_APP>;

/** Replaces a secret of an App. */
export const NEW_SECRET = Type.Object(
  {
    kind: Type.Optional({ ...SECRET_KIND, default: 'server', description: 'Which secret. Default: `server`.' }),
    overlapSeconds: Type.Integer({
      minimum: 0,
      maximum: 90 * 86_400,
      description: 'How long the secret before stays valid beside the new one; 0: it is refused at once.',
    }),
  },
  CLOSED,
);
/** Replaces a secret of an App. */
export type NewSecret = Static<typeof NEW_SECRET>;

/** Asks for a login token of a user, signed with the server secret of the App. */
export const NEW_LOGIN_TOKEN = Type.Object(
  {
    userId: Type.String({ minLength: 1, maxLength: 64 }),
    expiresInSeconds: Type.Integer({ minimum: 1, maximum: 31_536_000, description: 'How long the token is valid.' }),
    payload: Type.Optional(Type.String({ maxLength: 4096, description: 'Privileges of the token, as JSON.' })),
  },
  CLOSED,
);
/** Asks for a login token of a user. */
export type NewLoginToken = Static<typeof NEW_LOGIN_TOKEN>;

/** A login token. */
export const LOGIN_TOKEN = Type.Object({ token: Type.String() });
/** A login token. */
export type LoginToken = Static<typeof LOGIN_TOKEN>;

/** Selects presets. */
export const PRESET_LIST_QUERY = Type.Object(
  {
    appId: appIdOf('The App of the presets.'),
    search: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'A part of the name, ignoring case.' }),
    ),
    ...PAGE_QUERY,
  },
  CLOSED,
);
/** Selects presets. */
export type PresetListQuery = Static<typeof PRESET_LIST_QUERY>;

/** A page of presets, newest first. */
export const PRESET_LIST = Type.Object({
  presets: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      createdAtMs: TIME_MS,
      updatedAtMs: TIME_MS,
      definition: Type.Unsafe<Readonly<Record<string, unknown>>>({
        type: 'object',
        additionalProperties: true,
        description: 'Settings and permissions, as the meetings API has them.',
      }),
    }),
  ),
  totalCount: Type.Integer({ description: 'Number of presets on all pages.' }),
  next: NEXT,
});
/** A page of presets, newest first. */
export type PresetList = Static<typeof PRESET_LIST>;

/** The nodes of the server. */
export const NODE_LIST = Type.Object({
  nodes: Type.Array(
    Type.Object({
      node: Type.String({ description: 'Names the node; `local` where there is one.' }),
      version: Type.String(),
      startedAtMs: TIME_MS,
      memoryBytes: Type.Integer({ description: 'Memory of the process, without its media workers.' }),
      workers: Type.Array(
        Type.Object({
          worker: Type.Integer(),
          port: Type.Integer({ description: 'Its first UDP port.' }),
          isReady: Type.Boolean(),
          problem: Type.Optional(Type.String({ description: 'Why it dies repeatedly.' })),
        }),
        { description: 'The media workers.' },
      ),
      cluster: Type.Optional(
        Type.Object(
          {
            incarnation: Type.Integer({ description: 'Distinguishes the starts of the node; from 1.' }),
            leaseRemainingMs: Type.Integer({
              description: 'How long its lease still lasts; at 0 or below it decides nothing.',
            }),
            ownedRooms: Type.Integer({ description: 'Number of rooms that belong to it.' }),
            takeovers: Type.Integer({ description: 'Rooms that it has taken over since its start.' }),
            natsRoundTripMs: Type.Optional(
              Type.Number({ description: 'Time to the NATS server and back; absent while it is not connected.' }),
            ),
          },
          { description: 'Only in a cluster.' },
        ),
      ),
    }),
  ),
});
/** The nodes of the server. */
export type NodeList = Static<typeof NODE_LIST>;

/** How a node is drained. */
export const DRAIN_BODY = Type.Object(
  {
    deadlineMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 600_000,
        description: 'The node ends after this time at the latest, or when no client is connected. Default: 30000.',
      }),
    ),
  },
  { additionalProperties: false },
);
/** How a node is drained. */
export type DrainBody = Static<typeof DRAIN_BODY>;

/** A node that is being drained. */
export const DRAINING_NODE = Type.Object({ node: Type.String() });
/** A node that is being drained. */
export type DrainingNode = Static<typeof DRAINING_NODE>;

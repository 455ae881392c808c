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

const KEY_ID = Type.String({ description: 'Names a server secret without revealing it: 8 hex digits of its SHA-256.' });

/** The keys of an App. */
export const APP_KEYS = Type.Object({
  appId: APP_ID,
  keyId: KEY_ID,
  serverSecret: Type.String({ description: 'Signs API calls and login tokens.' }),
  callbackSecret: Type.String({ description: 'Signs callbacks.' }),
  earlier: Type.Array(
    Type.Object({ keyId: KEY_ID, validUntilMs: { ...TIME_MS, description: 'Milliseconds since the Unix epoch.' } }),
    { description: 'Earlier server secrets that are still valid, latest first.' },
  ),
});
/** The keys of an App. */
export type AppKeys = Static<typeof APP_KEYS>;

/** An App that was just created, with its keys. */
export const CREATED_APP = Type.Object({ ...APP_ITEM.properties, ...APP_KEYS.properties });
/** An App that was just created, with its keys. */
export type CreatedApp = Static<typeof CREATED_APP>;

/** Replaces the server secret of an App. */
export const NEW_SECRET = Type.Object(
  {
    overlapSeconds: Type.Integer({
      minimum: 0,
      maximum: 90 * 86_400,
      description: 'How long the secret before stays valid beside the new one; 0: it is refused at once.',
    }),
  },
  CLOSED,
);
/** Replaces the server secret of an App. */
export type NewSecret = Static<typeof NEW_SECRET>;

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
    }),
  ),
});
/** The nodes of the server. */
export type NodeList = Static<typeof NODE_LIST>;

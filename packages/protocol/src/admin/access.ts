/**
 * Who may use the admin API: roles, and the tokens of persons (ROLE-1).
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import { APP_ID, CLOSED, TIME_MS } from './common.ts';

/** The roles, from the one with all rights to the one with fewest. */
export const ADMIN_ROLES = ['owner', 'moderator', 'viewer'] as const;

/** A role. */
export const ADMIN_ROLE = Type.Union([Type.Literal('owner'), Type.Literal('moderator'), Type.Literal('viewer')], {
  description:
    '`owner`: everything. `moderator`: reads, and acts on rooms, people, streams and bans of its Apps. `viewer`: reads.',
});
/** A role. */
export type AdminRole = Static<typeof ADMIN_ROLE>;

const APP_IDS = Type.Array(APP_ID, { minItems: 1, maxItems: 100, uniqueItems: true });

/** Who makes a call, and what it may access. */
export const ADMIN_IDENTITY = Type.Object({
  name: Type.String({ description: 'The name of the token; it appears in the audit log.' }),
  role: ADMIN_ROLE,
  appIds: Type.Optional({ ...APP_IDS, description: 'The Apps that it may access. Absent: all Apps.' }),
});
/** Who makes a call, and what it may access. */
export type AdminIdentity = Static<typeof ADMIN_IDENTITY>;

/** Creates a token. */
export const NEW_ADMIN_TOKEN = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'Whose token it is. It appears in the audit log, and is unique among the tokens.',
    }),
    role: ADMIN_ROLE,
    appIds: Type.Optional({
      ...APP_IDS,
      description:
        'The Apps that the token may access. Required for a moderator; not possible for an owner; default for a viewer: all Apps.',
    }),
    expiresInSeconds: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: 10 * 365 * 86_400,
        description: 'How long the token is valid. Default: until it is revoked.',
      }),
    ),
  },
  CLOSED,
);
/** Creates a token. */
export type NewAdminToken = Static<typeof NEW_ADMIN_TOKEN>;

const TOKEN_FACTS = {
  id: Type.String({ description: 'SHA-256 of the token. It identifies the token and is not a credential.' }),
  ...ADMIN_IDENTITY.properties,
  createdBy: Type.String({ description: 'The name of the token that created it.' }),
  createdAtMs: TIME_MS,
  expiresAtMs: Type.Optional({
    ...TIME_MS,
    description: 'Milliseconds since the Unix epoch. Absent: it does not expire.',
  }),
};

/** A token, without its secret. */
export const ADMIN_TOKEN = Type.Object(TOKEN_FACTS);
/** A token, without its secret. */
export type AdminToken = Static<typeof ADMIN_TOKEN>;

/** A token that was just created. */
export const CREATED_ADMIN_TOKEN = Type.Object({
  ...TOKEN_FACTS,
  token: Type.String({ description: 'The token itself. It is returned only once and is not stored.' }),
});
/** A token that was just created. */
export type CreatedAdminToken = Static<typeof CREATED_ADMIN_TOKEN>;

/** All tokens, oldest first. */
export const ADMIN_TOKEN_LIST = Type.Object({ adminTokens: Type.Array(ADMIN_TOKEN) });
/** All tokens, oldest first. */
export type AdminTokenList = Static<typeof ADMIN_TOKEN_LIST>;

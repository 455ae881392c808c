/**
 * Sessions of the console: a browser signs in with a token of the admin API (CON-1).
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import { ADMIN_IDENTITY } from './access.ts';
import { CLOSED, orNull, TIME_MS } from './common.ts';

/** Signs in. */
export const SIGN_IN = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 512, description: 'A token of the admin API.' }) },
  CLOSED,
);
/** Signs in. */
export type SignIn = Static<typeof SIGN_IN>;

/** The session of a browser. */
export const ADMIN_SESSION = Type.Object({
  ...ADMIN_IDENTITY.properties,
  csrfToken: Type.String({ description: 'Changing calls of the session need it in the header `x-gavel-csrf`.' }),
  expiresAtMs: TIME_MS,
});
/** The session of a browser. */
export type AdminSession = Static<typeof ADMIN_SESSION>;

/** The session of the browser that asks. */
export const CURRENT_ADMIN_SESSION = Type.Object({
  session: orNull(ADMIN_SESSION, 'Null if the browser is not signed in.'),
});
/** The session of the browser that asks. */
export type CurrentAdminSession = Static<typeof CURRENT_ADMIN_SESSION>;

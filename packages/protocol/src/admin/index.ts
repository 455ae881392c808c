/**
 * The messages of the admin API, as schemas and types. The server checks requests against the schemas and prints its
 * OpenAPI document from them; its clients import the types.
 *
 * @module
 */

export * from './access.ts';
export * from './acts.ts';
export * from './apps.ts';
export * from './audit.ts';
export * from './bans.ts';
export * from './callbacks.ts';
export * from './common.ts';
export * from './events.ts';
export * from './overview.ts';
export * from './rooms.ts';
export * from './session.ts';

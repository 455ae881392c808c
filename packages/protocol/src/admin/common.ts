/**
 * Parts that several messages of the admin API share.
 *
 * @module
 */

import { type Static, type TSchema, Type } from 'typebox';

/** Unknown properties are errors. */
export const CLOSED = { additionalProperties: false } as const;

/** Describes the id of an App. A copy of a schema by `...` would no longer be converted from the text of a query. */
export const appIdOf = (description: string) => Type.Integer({ minimum: 1, maximum: 0xffff_ffff, description });

/** The id of an App. */
export const APP_ID = appIdOf('The App id.');

/** A time. */
export const TIME_MS = Type.Integer({ description: 'Milliseconds since the Unix epoch.' });

/** An environment of an App. */
export const ENVIRONMENT = Type.Union([Type.Literal('production'), Type.Literal('test')], {
  description: 'The environment of the App; the rooms of one cannot be reached from the other.',
});

/** An error of the admin API. Programs decide by its code; the message is for people. */
export const ADMIN_ERROR_BODY = Type.Object({
  error: Type.Object({ code: Type.String(), message: Type.String() }),
});
/** An error of the admin API. */
export type AdminErrorBody = Static<typeof ADMIN_ERROR_BODY>;

/** Makes a value null where there is none, so that it is always present. */
export const orNull = <T extends TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });

/** The parameters of a page. */
export const PAGE_QUERY = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, default: 50, description: 'Most entries of the page. Default: 50.' }),
  ),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 1024, description: 'The `next` value of the previous page.' }),
  ),
};

/** The cursor of the next page. */
export const NEXT = orNull(Type.String(), 'The `cursor` of the next page; null on the last page.');

/** Why it is done: the affected clients and the audit trail get it. */
export const REASON = Type.String({
  minLength: 1,
  maxLength: 256,
  description: 'Why it is done, at most 256 bytes; the affected clients and the audit trail get it.',
});

/** Asks for a preview. */
export const DRY_RUN = Type.Optional(
  Type.Boolean({ description: 'Answers whom the call would hit, and changes nothing. Default: false.' }),
);

/**
 * The responses of an admin route, as its OpenAPI document describes them.
 *
 * @module
 */

import { type TSchema, Type } from 'typebox';

const ERROR = Type.Object({ error: Type.Object({ code: Type.String(), message: Type.String() }) });

/** Describes a route's answer, and the errors that every route can answer. */
export const describeResponses = (description: string, schema: TSchema) => ({
  200: { description, ...schema },
  '4xx': { description: 'Refused.', ...ERROR },
  '5xx': { description: 'Failed.', ...ERROR },
});

/**
 * The overview of a server: what there is now, and was in the last hour.
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import { orNull, TIME_MS } from './common.ts';

const OCCUPANCY = {
  rooms: Type.Integer(),
  people: Type.Integer({ description: 'Logins: a user that has two in a room counts twice.' }),
  streams: Type.Integer(),
};

/** The overview, of the Apps that the caller may access. */
export const OVERVIEW = Type.Object({
  ...OCCUPANCY,
  callbacks: orNull(
    Type.Object({
      pending: Type.Integer({ description: 'Not delivered yet.' }),
      failed: Type.Integer({ description: 'Failed permanently.' }),
    }),
    'The callbacks of all Apps; null for a caller that may not access all of them.',
  ),
  nowMs: { ...TIME_MS, description: 'The time of the server, in milliseconds since the Unix epoch.' },
  startedAtMs: { ...TIME_MS, description: 'When the server started, in milliseconds since the Unix epoch.' },
  version: Type.String({ description: 'The version of the server.' }),
  sampleIntervalMs: Type.Integer({ description: 'Time between two samples.' }),
  samples: Type.Array(Type.Object({ atMs: TIME_MS, ...OCCUPANCY }), {
    description: 'The last hour, oldest first; less after a start.',
  }),
});
/** The overview, of the Apps that the caller may access. */
export type Overview = Static<typeof OVERVIEW>;

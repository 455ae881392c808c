/**
 * The schema of the database.
 *
 * @module
 */

import { Type } from 'typebox';

/** Where data is stored. */
export const STORE_SCHEMA = Type.Object(
  {
    url: Type.Optional(
      Type.String({
        pattern: '^postgres(ql)?://\\S+$',
        maxLength: 2048,
        rule: 'an address such as postgres://user:password@host:5432/database',
        secret: true,
        defaultText: 'an SQLite file in `dataDir`',
        description:
          'Address of a PostgreSQL database (13 or later), such as `postgres://gavel:password@db.internal:5432/gavel?sslmode=verify-full`. Its tables are created at the first start; `npm run store:move` moves an SQLite file into it.',
      }),
    ),
    maxConnections: Type.Integer({
      default: 10,
      minimum: 2,
      maximum: 200,
      unit: 'connections',
      description: 'Maximum number of connections to PostgreSQL.',
    }),
    statementTimeoutMs: Type.Integer({
      default: 10_000,
      minimum: 500,
      maximum: 600_000,
      unit: 'ms',
      description:
        'How long one statement to PostgreSQL may take, waiting for locked rows included; then its call fails with `server.store-unavailable`.',
    }),
  },
  { additionalProperties: false, description: 'The database.' },
);

/**
 * The schema of bans.
 *
 * @module
 */

import { Type } from 'typebox';

const closed = { additionalProperties: false } as const;

/** What a ban of a range of addresses may cover (BAN-10). */
export const BANS_SCHEMA = Type.Object(
  {
    minPrefixIpv4: Type.Integer({
      default: 16,
      minimum: 1,
      maximum: 32,
      unit: 'bits',
      description:
        'The shortest prefix of a range of IPv4 addresses that can be banned; wider ranges are refused (BAN-10).',
    }),
    minPrefixIpv6: Type.Integer({
      default: 32,
      minimum: 1,
      maximum: 128,
      unit: 'bits',
      description:
        'The shortest prefix of a range of IPv6 addresses that can be banned; wider ranges are refused (BAN-10).',
    }),
  },
  { ...closed, description: 'Bans of ranges of IP addresses.' },
);

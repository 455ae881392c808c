/**
 * The schema of STUN and TURN servers, and the rules that the schema cannot express.
 *
 * @module
 */

import { Type } from 'typebox';

const closed = { additionalProperties: false } as const;

const HOST = '([0-9A-Za-z._-]+|\\[[0-9A-Fa-f:.]+\\])';
/** RFC 7064 and RFC 7065. */
const TURN_URL = `^(stun:${HOST}(:\\d{1,5})?|turns?:${HOST}(:\\d{1,5})?(\\?transport=(udp|tcp))?)$`;

const PROPERTIES = {
  urls: Type.Array(
    Type.String({
      pattern: TURN_URL,
      maxLength: 512,
      rule: 'a stun:, turn: or turns: address, such as turn:turn.example.org:3478?transport=udp',
      description: 'The address of a STUN or TURN server.',
    }),
    {
      default: [],
      description:
        'STUN and TURN servers that clients get with their login (ICE-1), such as `turn:turn.example.org:3478?transport=udp`. `turn:` and `turns:` addresses need a secret.',
    },
  ),
  secret: Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{16,256}$',
      rule: '16 to 256 printable ASCII characters',
      secret: true,
      description: "Signs TURN credentials: the TURN server's shared secret (coturn: `static-auth-secret`).",
    }),
  ),
  ttlSeconds: Type.Integer({
    default: 600,
    minimum: 30,
    maximum: 86_400,
    unit: 's',
    description:
      'How long TURN credentials can open a new allocation. Clients renew them; the clocks of this server and the TURN server must agree to within this time.',
  }),
};

/** The server's STUN and TURN servers. */
export const TURN_SCHEMA = Type.Object(PROPERTIES, {
  ...closed,
  description: 'STUN and TURN servers for clients that cannot reach the media port directly.',
});

/** An App's own STUN and TURN servers. */
export const APP_TURN_SCHEMA = Type.Object(PROPERTIES, {
  ...closed,
  rule: 'a map of `urls`, `secret` and `ttlSeconds`, as in `turn`',
  description:
    "Replaces the server's `turn` for this App; with empty `urls`, its clients get no STUN and TURN servers.",
  example: { urls: ['turn:turn.example.org:3478?transport=udp'], secret: '...' },
});

/** Returns what is wrong with a `turn` group that conforms to the schema, by key. */
export function findTurnProblems(turn: {
  readonly urls: readonly string[];
  readonly secret?: string;
}): { readonly key: string; readonly message: string }[] {
  const badPorts = turn.urls.flatMap((url, index) => {
    const port = /:(\d+)(\?|$)/.exec(url)?.[1];
    const isPort = port === undefined || (Number(port) > 0 && Number(port) <= 65_535);
    return isPort ? [] : [{ key: `urls[${index}]`, message: `${port} is not a port from 1 to 65535` }];
  });
  const isSecretMissing = turn.secret === undefined && turn.urls.some((url) => url.startsWith('turn'));
  return [...badPorts, ...(isSecretMissing ? [{ key: 'secret', message: 'is missing: TURN servers need it' }] : [])];
}

/**
 * The ICE credentials of the server.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';

/** The user fragment and the password under which one client makes its connectivity checks (RFC 8445, 5.3). */
export interface IceCredentials {
  readonly iceUfrag: string;
  readonly icePwd: string;
}

/** Random bytes of the user fragment and of the password; three bytes become four ICE characters. */
const FRAGMENT_BYTES = 12;
const PASSWORD_BYTES = 24;

/**
 * Creates credentials. All peers of a worker share one port, and a new client's peer is found by the user fragment
 * alone. Fragments of the usual four characters collide once in 16.7 million pairs, and the later peer of such a pair
 * never connects.
 */
export function createIceCredentials(): IceCredentials {
  return {
    iceUfrag: randomBytes(FRAGMENT_BYTES).toString('base64'),
    icePwd: randomBytes(PASSWORD_BYTES).toString('base64'),
  };
}

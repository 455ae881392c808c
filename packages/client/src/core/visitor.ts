/**
 * Asks the server what a login would find, without logging in.
 *
 * @module
 */

import type { Params, Results } from '@gavel/protocol';
import { Connection } from './connection.ts';
import type { Platform } from './platform.ts';
import { signallingUrl } from './url.ts';

/** How long the connection, and then the answer, may take, in milliseconds. */
const TIMEOUT_MS = 10_000;

/** A method that needs no login: `identify` tells whom a login would log in, `preview` who is in its room. */
export type VisitorMethod = 'identify' | 'preview';

/**
 * Sends one request on a connection of its own.
 *
 * @param server base address of the server, as for a `RoomSession`
 * @throws SessionError the server's refusal, such as `login.bad-credential`; `client.disconnected`, `client.timeout`
 */
export async function askAsVisitor<M extends VisitorMethod>(
  { openSocket, clock }: Pick<Platform, 'openSocket' | 'clock'>,
  server: string,
  method: M,
  params: Params<M>,
): Promise<Results[M]> {
  const connection = await Connection.open(openSocket, clock, signallingUrl(server), TIMEOUT_MS);
  try {
    return await connection.request(method, params, TIMEOUT_MS);
  } finally {
    connection.close();
  }
}

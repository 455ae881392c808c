/**
 * Asks the server whom a login would log in, without logging in.
 *
 * @module
 */

import type { IdentifyResult, Params } from '@gavel/protocol';
import { Connection } from './connection.ts';
import type { Platform } from './platform.ts';
import { signallingUrl } from './url.ts';

/** How long the connection, and then the answer, may take, in milliseconds. */
const TIMEOUT_MS = 10_000;

/**
 * Returns whom a login with these parameters would log in, with the permissions of that moment.
 *
 * @param server base address of the server, as for a `RoomSession`
 * @throws SessionError the server's refusal, such as `login.bad-credential`; `client.disconnected`, `client.timeout`
 */
export async function identify(
  { openSocket, clock }: Pick<Platform, 'openSocket' | 'clock'>,
  server: string,
  params: Params<'identify'>,
): Promise<IdentifyResult> {
  const connection = await Connection.open(openSocket, clock, signallingUrl(server), TIMEOUT_MS);
  try {
    return await connection.request('identify', params, TIMEOUT_MS);
  } finally {
    connection.close();
  }
}

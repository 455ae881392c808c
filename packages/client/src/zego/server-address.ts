/**
 * The server's address, in Gavel's form or the vendor's.
 *
 * @module
 */

/**
 * Returns the address of a server: of several the first, and of the vendor's form `wss://host/ws` what comes before `/ws`.
 */
export function toServerAddress(server: string | readonly string[]): string {
  // A call from JavaScript may pass anything: the login refuses what is no address.
  const first = String((Array.isArray(server) ? server[0] : server) ?? '');
  return /^wss?:/i.test(first) ? first.replace(/\/ws\/?$/, '') : first;
}

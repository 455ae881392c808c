/**
 * What the peer connections of the load share.
 *
 * @module
 */

const OPEN_TIMEOUT_MS = 20_000;

/**
 * Keeps only IPv4 candidates, so that all servers have the same way through the kernel, and removes a line at which the
 * binding throws under load.
 */
export const toPlainSdp = (sdp: string): string =>
  sdp.replaceAll('a=end-of-candidates\r\n', '').replaceAll(/a=candidate:(?:\S+ ){4}\S*:.*\r\n/g, '');

/** Waits until a condition holds. @throws Error after 20 s */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + OPEN_TIMEOUT_MS;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`${what} did not connect within ${OPEN_TIMEOUT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/**
 * Limits the number of open connections per address that have not logged in, so that a flood of connections from one
 * address uses bounded memory and does not affect clients at other addresses.
 *
 * @module
 */

/** Counts connections that have not logged in, by address. */
export class PendingLogins {
  readonly #max: number;
  readonly #counts = new Map<string, number>();

  /** @param max maximum number of connections of one address */
  constructor(max: number) {
    this.#max = max;
  }

  /** Increments the count of an address. Returns false, and counts nothing, if the limit is reached. */
  begin(address: string): boolean {
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.#max) return false;
    this.#counts.set(address, count + 1);
    return true;
  }

  /** Decrements the count: the connection has logged in or closed. */
  end(address: string): void {
    const count = this.#counts.get(address) ?? 0;
    if (count > 1) this.#counts.set(address, count - 1);
    else this.#counts.delete(address);
  }
}

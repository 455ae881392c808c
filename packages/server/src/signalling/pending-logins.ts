/**
 * Bounds how many connections of one address may be open that have not logged in: a flood from one place takes up no
 * more memory than that, and keeps nobody out but itself.
 *
 * @module
 */

/** Counts connections that have not logged in, by address. */
export class PendingLogins {
  readonly #max: number;
  readonly #counts = new Map<string, number>();

  /** @param max how many there may be of one address */
  constructor(max: number) {
    this.#max = max;
  }

  /** Counts one more. Gives false, and counts nothing, where there are too many. */
  begin(address: string): boolean {
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.#max) return false;
    this.#counts.set(address, count + 1);
    return true;
  }

  /** Counts one less: it has logged in, or is gone. */
  end(address: string): void {
    const count = this.#counts.get(address) ?? 0;
    if (count > 1) this.#counts.set(address, count - 1);
    else this.#counts.delete(address);
  }
}

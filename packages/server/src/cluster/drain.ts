/**
 * Drain: before a node ends, it gives its rooms to others and takes no new ones (CLUS-9).
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { Takeover } from './takeover.ts';

/** Number of rooms that are handed over at the same time. */
const AT_ONCE = 8;
/** Interval at which the end of the connections is looked for. */
const CHECK_MS = 100;

/** Dependencies of `Drain`. */
export interface DrainDeps {
  readonly clock: Clock;
  readonly takeover: Pick<Takeover, 'beginDrain' | 'handOver'>;
  readonly rooms: { keys(): readonly RoomKey[] };
  readonly log: { info(fields: object, message: string): void };
  /** Reports an error that no caller can receive: a room stays at this node. */
  readonly report: (error: unknown) => void;
}

/** The end of a node's work. */
export class Drain {
  readonly #deps: DrainDeps;

  constructor(deps: DrainDeps) {
    this.#deps = deps;
  }

  /**
   * Hands the rooms over, and waits until no connection is left, at most until the deadline.
   *
   * @param countConnections the number of connections of clients, which go on while the load balancer learns that this node is not ready
   */
  async run(deadlineMs: number, countConnections: () => number): Promise<void> {
    const { clock, takeover, log } = this.#deps;
    const endsAtMs = clock.monotonicMs() + deadlineMs;
    takeover.beginDrain();
    const count = await this.#handOverAll(endsAtMs);
    log.info({ rooms: count, connections: countConnections() }, 'this node has handed its rooms over');
    while (countConnections() > 0 && clock.monotonicMs() < endsAtMs) {
      await new Promise<void>((resolve) => clock.after(CHECK_MS, resolve));
    }
  }

  async #handOverAll(endsAtMs: number): Promise<number> {
    const { clock, takeover, rooms, report } = this.#deps;
    const waiting = [...rooms.keys()];
    let count = 0;
    const work = async (): Promise<void> => {
      for (let key = waiting.pop(); key && clock.monotonicMs() < endsAtMs; key = waiting.pop()) {
        try {
          if (await takeover.handOver(key)) count += 1;
        } catch (error) {
          report(error);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return count;
  }
}

/**
 * Assigns the peers of groups to workers (PIPE-1).
 *
 * @module
 */

import { MediaError } from './engine.ts';

interface PlacedGroup<W> {
  /** In the order in which they were taken. */
  readonly workers: W[];
  /** Peers of the group, by worker. */
  readonly peers: Map<W, number>;
}

/**
 * Fills one worker of a group after the other: a new peer gets the first worker of its group that is not busy, else the
 * worker with the fewest peers, because each further worker costs a copy of every track that is wanted there.
 */
export class Placement<W> {
  readonly #groups = new Map<string, PlacedGroup<W>>();
  readonly #loads: Map<W, number>;
  readonly #isBusy: (worker: W) => boolean;

  /** @param isBusy whether a worker is to get no more peers, as long as there is another */
  constructor(workers: readonly W[], isBusy: (worker: W) => boolean) {
    this.#loads = new Map(workers.map((worker) => [worker, 0]));
    this.#isBusy = isBusy;
  }

  /**
   * Adds a peer to a group, and returns its worker.
   *
   * @throws MediaError `unavailable` if there are no workers
   */
  enter(name: string): W {
    const group = this.#groups.get(name) ?? { workers: [], peers: new Map<W, number>() };
    const worker = this.#choose(group);
    this.#groups.set(name, group);
    if (!group.workers.includes(worker)) group.workers.push(worker);
    group.peers.set(worker, (group.peers.get(worker) ?? 0) + 1);
    this.#loads.set(worker, (this.#loads.get(worker) ?? 0) + 1);
    return worker;
  }

  /** Removes a peer from its group. */
  leave(name: string, worker: W): void {
    const group = this.#groups.get(name);
    const peers = group?.peers.get(worker) ?? 0;
    if (group === undefined || peers === 0) return;
    this.#loads.set(worker, (this.#loads.get(worker) ?? 0) - 1);
    if (peers > 1) {
      group.peers.set(worker, peers - 1);
      return;
    }
    group.peers.delete(worker);
    group.workers.splice(group.workers.indexOf(worker), 1);
    if (group.workers.length === 0) this.#groups.delete(name);
  }

  #choose({ workers }: PlacedGroup<W>): W {
    const own = workers.find((worker) => !this.#isBusy(worker));
    if (own !== undefined) return own;
    const idle = [...this.#loads.keys()].filter((worker) => !this.#isBusy(worker));
    // If all are busy, the group is not spread any further.
    const candidates = idle.length > 0 || workers.length === 0 ? idle : workers;
    const chosen = this.#findIdlest(candidates) ?? this.#findIdlest([...this.#loads.keys()]);
    if (chosen === undefined) throw new MediaError('unavailable', 'The media engine has not been started');
    return chosen;
  }

  #findIdlest(workers: readonly W[]): W | undefined {
    let idlest: W | undefined;
    for (const worker of workers) {
      if (idlest === undefined || (this.#loads.get(worker) ?? 0) < (this.#loads.get(idlest) ?? 0)) idlest = worker;
    }
    return idlest;
  }
}

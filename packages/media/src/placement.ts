/**
 * Assigns groups to workers.
 *
 * @module
 */

import { MediaError } from './engine.ts';

interface PlacedGroup<W> {
  readonly worker: W;
  members: number;
}

/** Keeps the peers and streams of a group on one worker, and spreads groups over the workers. */
export class Placement<W> {
  readonly #groups = new Map<string, PlacedGroup<W>>();
  readonly #loads: Map<W, number>;

  constructor(workers: readonly W[]) {
    this.#loads = new Map(workers.map((worker) => [worker, 0]));
  }

  /**
   * Adds a peer or a stream to a group; a new group gets the worker with the fewest of them.
   *
   * @throws MediaError `unavailable` if there are no workers
   */
  enter(name: string): W {
    const group = this.#groups.get(name) ?? { worker: this.#findIdlest(), members: 0 };
    this.#groups.set(name, group);
    group.members += 1;
    this.#addLoad(group.worker, 1);
    return group.worker;
  }

  /** Removes a peer or a stream from its group. */
  leave(name: string): void {
    const group = this.#groups.get(name);
    if (group === undefined) return;
    group.members -= 1;
    this.#addLoad(group.worker, -1);
    if (group.members === 0) this.#groups.delete(name);
  }

  #addLoad(worker: W, change: number): void {
    this.#loads.set(worker, (this.#loads.get(worker) ?? 0) + change);
  }

  #findIdlest(): W {
    let idlest: [W, number] | undefined;
    for (const entry of this.#loads) if (idlest === undefined || entry[1] < idlest[1]) idlest = entry;
    if (idlest === undefined) throw new MediaError('unavailable', 'The media engine has not been started');
    return idlest[0];
  }
}

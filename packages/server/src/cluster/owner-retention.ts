/**
 * Deletes rows of rooms and nodes that ended long ago.
 *
 * @module
 */

import { Sweeper, type SweeperDeps } from '../store/sweeper.ts';

/** Dependencies of the retention. */
export interface OwnerRetentionDeps extends Pick<SweeperDeps, 'clock' | 'log' | 'isResponsible'> {
  readonly table: Pick<SweeperDeps, 'purge'>;
}

/** Creates the sweeper of the owners of rooms, and of the nodes. */
export const createOwnerRetention = ({ table, ...deps }: OwnerRetentionDeps): Sweeper =>
  new Sweeper({ ...deps, what: 'owners of rooms', purge: (limit) => table.purge(limit) });

/**
 * The context shared by all parts of a worker.
 *
 * @module
 */

import type { WorkerConfig, WorkerNotice } from '../ipc.ts';
import type { TransportFactory } from '../transport/transport.ts';
import type { DemandReports } from './allocation/demand-reports.ts';
import type { ClosedRing } from './closed-ring.ts';
import type { MutablePacketTotals } from './counters.ts';
import type { Probing } from './peer-bandwidth.ts';
import type { Piping } from './piping.ts';
import type { SoundLevels } from './sound-levels.ts';
import type { TimedTickSet } from './tick-set.ts';

/** Passed from the worker to its streams and their peers. */
export interface WorkerContext {
  readonly config: WorkerConfig;
  readonly transports: TransportFactory;
  readonly closed: ClosedRing;
  /** Peers and streams with periodic work. */
  readonly ticking: TimedTickSet;
  /** The allocations of peers that have something to decide. */
  readonly allocating: TimedTickSet;
  /** Reports what is taken of streams. */
  readonly demandReports: DemandReports;
  /** The levels of published sound. */
  readonly soundLevels: SoundLevels;
  /** Probes of what the network of peers can take. */
  readonly probing: Probing;
  /** The pipes to other workers; undefined for a single worker. */
  readonly piping: Piping | undefined;
  /** The packets of layers and subscriptions that have ended. */
  readonly ended: MutablePacketTotals;
  /** Milliseconds of a monotonic clock; `toEpochMs` converts them to a date. */
  now(): number;
  notify(notice: WorkerNotice): void;
  /** Reports an unexpected error; never throws. */
  reportError(where: string, error: unknown): void;
}

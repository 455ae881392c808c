/**
 * The overview in the admin API.
 *
 * @module
 */

import { OVERVIEW, type Overview } from '@gavel/protocol/admin';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../base/clock.ts';
import type { OutboxRepository } from '../store/outbox.ts';
import { callerOf } from './caller.ts';
import { type OccupancyHistory, SAMPLE_INTERVAL_MS } from './occupancy.ts';
import { describeResponses } from './responses.ts';

/** The dependencies of the route. */
export interface OverviewRouteDeps {
  readonly occupancy: Pick<OccupancyHistory, 'current' | 'samples'>;
  readonly outbox: Pick<OutboxRepository, 'count'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly version: string;
}

/** Adds the route `/overview`. */
export function addOverviewRoute(scope: FastifyInstance, deps: OverviewRouteDeps): void {
  const { occupancy, outbox, clock, version } = deps;
  const startedAtMs = clock.now();
  scope.get(
    '/overview',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Returns what there is now, and what there was in the last hour',
        response: describeResponses('The overview.', OVERVIEW),
      },
    },
    async (request): Promise<Overview> => {
      const { appIds } = callerOf(request);
      const [pending, failed] = appIds ? [] : await Promise.all([outbox.count('pending'), outbox.count('failed')]);
      return {
        ...occupancy.current(appIds),
        callbacks: pending === undefined || failed === undefined ? null : { pending, failed },
        nowMs: clock.now(),
        startedAtMs,
        version,
        sampleIntervalMs: SAMPLE_INTERVAL_MS,
        samples: occupancy.samples(appIds),
      };
    },
  );
}

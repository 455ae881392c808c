/**
 * `/healthz`, `/readyz` and `/metrics`.
 *
 * @module
 */

import type { FastifyInstance } from 'fastify';
import type { Metrics } from './metrics.ts';

/** A part of the server that is not ready. */
export interface Unready {
  readonly part: 'media' | 'store' | 'cluster';
  /** A sentence for operators, without secrets. */
  readonly problem: string;
}

/** The dependencies of the health routes. */
export interface HealthDeps {
  readonly metrics: Metrics;
  /** Returns the parts that are not ready; empty if the server is ready. */
  readonly findUnready: () => Promise<readonly Unready[]>;
}

/** Serves health and metrics. */
export function registerHealth(http: FastifyInstance, { metrics, findUnready }: HealthDeps): void {
  http.get('/healthz', async () => ({ status: 'ok' }));
  http.get('/readyz', async (_request, reply) => {
    const unready = await findUnready();
    if (unready.length === 0) return { status: 'ready' };
    const waitingFor = unready.map(({ part }) => part);
    const problems = unready.map(({ part, problem }) => `${part}: ${problem}`);
    return reply.code(503).send({ status: 'not ready', waitingFor, problems });
  });
  http.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
}

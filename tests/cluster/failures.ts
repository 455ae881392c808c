/**
 * What may happen to a node or to the services, as a beginning and an end.
 *
 * @module
 */

import type { Cut } from './cut-proxy.ts';
import type { TestCluster } from './test-cluster.ts';

/** A failure of one node, or of a service that all nodes use. */
export interface Failure {
  readonly name: string;
  /** Whether no calls are made at the node meanwhile: they would have no answer. */
  readonly stopsCalls: boolean;
  /** Whether clients of the node may lose their connection. */
  readonly closes: boolean;
  /** Whether the rooms of the node go on only after the end: it keeps its lease, or all nodes fail. */
  readonly lasts?: boolean;
  begin(cluster: TestCluster, node: string): Promise<void>;
  end(cluster: TestCluster, node: string): Promise<void>;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const KILL: Failure = {
  ...{ name: 'kill -9', stopsCalls: true, closes: true },
  begin: (cluster, node) => cluster.kill(node),
  end: (cluster, node) => cluster.restart(node),
};

const STOP: Failure = {
  ...{ name: 'SIGTERM', stopsCalls: true, closes: true },
  async begin(cluster, node) {
    const { process } = cluster.node(node);
    process.child.kill('SIGTERM');
    await process.exited;
  },
  end: (cluster, node) => cluster.restart(node),
};

function pauseFor(ms: number): Failure {
  let isOver: Promise<void> | undefined;
  return {
    ...{ name: `SIGSTOP for ${ms / 1000} s`, stopsCalls: true, closes: ms >= 3000 },
    async begin(cluster, node) {
      const { child } = cluster.node(node).process;
      child.kill('SIGSTOP');
      isOver = sleep(ms).then(() => void child.kill('SIGCONT'));
    },
    end: async () => isOver,
  };
}

function cutFor(ms: number, from: readonly ('toNats' | 'toPostgres')[], cut: Exclude<Cut, 'none'>): Failure {
  let isOver: Promise<void> | undefined;
  const services = from.map((name) => (name === 'toNats' ? 'NATS' : 'PostgreSQL')).join(' and ');
  return {
    // A node that cannot reach the others cannot bring its clients what happens in rooms of others.
    ...{ name: `cut from ${services} (${cut}) for ${ms / 1000} s`, stopsCalls: true, closes: true },
    lasts: !from.includes('toPostgres'),
    async begin(cluster, node) {
      for (const name of from) cluster.node(node)[name].cut(cut);
      isOver = sleep(ms).then(() => {
        for (const name of from) cluster.node(node)[name].cut('none');
      });
    },
    end: async () => isOver,
  };
}

const RESTART_NATS: Failure = {
  ...{ name: 'restart of NATS', stopsCalls: false, closes: false },
  async begin(cluster) {
    await cluster.nats.stop();
    await sleep(500);
    await cluster.nats.restart();
  },
  end: () => sleep(1000),
};

const RESTART_POSTGRES: Failure = {
  ...{ name: 'restart of PostgreSQL', stopsCalls: false, closes: false },
  begin: (cluster) => cluster.postgres.restart(),
  end: () => sleep(1000),
};

const SLOW_POSTGRES: Failure = {
  ...{ name: 'PostgreSQL answers 2 s late for 6 s', stopsCalls: false, closes: false, lasts: true },
  async begin(cluster) {
    for (const { toPostgres } of cluster.nodes.values()) toPostgres.delayMs = 2000;
    await sleep(6000);
  },
  async end(cluster) {
    for (const { toPostgres } of cluster.nodes.values()) toPostgres.delayMs = 0;
    await sleep(4000);
  },
};

/** Failures that take long: only where they are asked for by name. */
const SLOW_FAILURES: readonly Failure[] = [pauseFor(30_000), cutFor(30_000, ['toNats', 'toPostgres'], 'both')];

const USUAL_FAILURES: readonly Failure[] = [
  KILL,
  STOP,
  pauseFor(1000),
  pauseFor(5000),
  cutFor(5000, ['toNats'], 'both'),
  cutFor(5000, ['toPostgres'], 'both'),
  cutFor(5000, ['toNats', 'toPostgres'], 'both'),
  cutFor(5000, ['toNats'], 'to-service'),
  cutFor(5000, ['toNats'], 'to-node'),
  cutFor(5000, ['toPostgres'], 'to-node'),
  cutFor(5000, ['toPostgres'], 'to-service'),
  RESTART_NATS,
  RESTART_POSTGRES,
  SLOW_POSTGRES,
];

/** Returns the failures whose name contains a text, the slow ones among them; without a text the usual ones, first the death of a node. */
export function findFailures(text: string | undefined): readonly Failure[] {
  if (text === undefined) return USUAL_FAILURES;
  return [...USUAL_FAILURES, ...SLOW_FAILURES].filter(({ name }) => name.includes(text));
}

/**
 * What idle receivers cost by our own timers: their clients send nothing while it is measured.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { createMediaEngine, type MediaEngine } from '@gavel/media';
import { HandClient, withHandTransport } from '../../packages/media/tests/hand-client.ts';
import { writeOffer } from '../../packages/media/tests/offer-builder.ts';
import { waitFor } from '../../packages/media/tests/synthetic-peer.ts';
import manifest from '../../packages/server/package.json' with { type: 'json' };
import { connectAll } from '../harness/media-load.ts';
import { cpuSecondsOf } from '../harness/processes.ts';
import { defineRow, OWN_NAME, type RunningSubject } from '../harness/row.ts';

const RECEIVERS = 1_000;
/** Less than the 30 s after which a client without a request is gone. */
const MEASURED_MS = 15_000;
/** Reports, feedback and allocations of the connecting are done after this time. */
const SETTLE_MS = 5_000;
const CHECK_INTERVAL_MS = 8_000;
const CONNECT_TIMEOUT_MS = 20_000;
const CALL_TIMEOUT_MS = 30_000;
const STREAM = 'talk';
const MIDS = { video: '0' };
const OFFERS = {
  publish: withHandTransport(writeOffer([{ mid: '0', kind: 'video', direction: 'sendonly', ssrcs: [1] }])),
  play: withHandTransport(writeOffer([{ mid: '0', kind: 'video', direction: 'recvonly', rtxPayloadType: 97 }])),
};

interface RunningWorker extends RunningSubject {
  readonly engine: MediaEngine;
  /** The process id of the only media worker. */
  readonly worker: number;
}

async function startWorker(): Promise<RunningWorker> {
  const engine = createMediaEngine({
    transport: 'openssl',
    ports: 0,
    announcedAddress: '127.0.0.1',
    maxSubscriptionsPerWorker: RECEIVERS,
    callTimeoutMs: CALL_TIMEOUT_MS,
  });
  await engine.start();
  const [dump] = (await engine.dump()).workers;
  return { version: manifest.version, engine, worker: dump?.pid ?? 0, stop: () => engine.close() };
}

async function connect(engine: MediaEngine, peer: string, isPublisher: boolean): Promise<HandClient> {
  const { answer } = await engine.negotiate({
    group: 'room',
    peer,
    offer: isPublisher ? OFFERS.publish : OFFERS.play,
    publish: isPublisher ? [{ stream: STREAM, mids: MIDS, allowed: { audio: true, video: true } }] : [],
    subscribe: isPublisher ? [] : [{ stream: STREAM, mids: MIDS }],
  });
  const client = HandClient.fromAnswer(answer);
  await client.useNewSocket();
  client.startHandshake();
  await waitFor(() => {
    client.tick();
    return client.hasKeys;
  }, CONNECT_TIMEOUT_MS);
  return client;
}

/** The CPU time of a worker in percent of a core, over some seconds. */
async function measureCpu(pid: number): Promise<number> {
  const [cpuBefore, beganAtMs] = [cpuSecondsOf([pid]), performance.now()];
  await sleep(MEASURED_MS);
  return ((cpuSecondsOf([pid]) - cpuBefore) / (performance.now() - beganAtMs)) * 100_000;
}

/** A worker alone, with receivers of a stream that is silent. */
export const idleReceivers = defineRow<RunningWorker>({
  name: 'idle-receivers',
  work: `A media worker alone, whose ${RECEIVERS.toLocaleString('en')} receivers are connected, play a stream that is silent, and send nothing for ${MEASURED_MS / 1_000} s, not even connectivity checks: what is left is the worker’s own periodic work.`,
  metrics: [
    {
      key: 'cpu',
      label: `CPU beside ${RECEIVERS.toLocaleString('en')} receivers`,
      unit: '% of a core',
      better: 'lower',
      goal: 1,
    },
    { key: 'empty', label: 'CPU of the same worker before they came', unit: '% of a core', better: 'lower' },
    { key: 'connected', label: 'receivers that are connected afterwards', unit: '', better: 'higher', goal: RECEIVERS },
  ],
  subjects: [{ name: OWN_NAME, start: startWorker }],
  freshProcess: true,
  rounds: 1,
  async measure({ engine, worker }) {
    const empty = await measureCpu(worker);
    const clients = [await connect(engine, 'publisher', true)];
    const check = (): void => {
      for (const client of clients) client.sendCheck();
    };
    const checking = setInterval(check, CHECK_INTERVAL_MS);
    const names = Array.from({ length: RECEIVERS }, (_, index) => `receiver-${index}`);
    await connectAll(names, async (name) => {
      clients.push(await connect(engine, name, false));
    });
    clearInterval(checking);
    check();
    await sleep(SETTLE_MS);
    const cpu = await measureCpu(worker);
    const connected = (await engine.dump()).peers.filter(({ state }) => state === 'connected').length - 1;
    for (const client of clients) client.close();
    return { cpu, empty, connected };
  },
});

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { STATIC_TRANSPORT, writeOffer } from '../tests/offer-builder.ts';
import { createVideoSection, waitFor } from '../tests/synthetic-peer.ts';
import {
  createMediaEngine,
  type ItemResult,
  type MediaEngine,
  type MediaEngineOptions,
  type NegotiateAnswer,
} from './index.ts';
import type { MediaLogger } from './options.ts';
import { probeUdpPort } from './ports.ts';

/** Each test starts processes, which takes its time on a busy machine. */
const TIMEOUT_MS = 60_000;
const published: ItemResult[] = [{ kinds: { audio: false, video: true } }];
const engines: MediaEngine[] = [];

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

function createEngine(options: MediaEngineOptions): MediaEngine {
  const engine = createMediaEngine({ announcedAddress: '127.0.0.1', ...options });
  engines.push(engine);
  return engine;
}

/** Opens a peer that never connects and publishes a stream of the same name. */
function publish(engine: MediaEngine, name: string, group = 'room'): Promise<NegotiateAnswer> {
  const section = createVideoSection('sendonly');
  return engine.negotiate({
    group,
    peer: name,
    offer: writeOffer([section], STATIC_TRANSPORT),
    publish: [{ stream: name, mids: { video: section.mid }, allowed: { audio: true, video: true } }],
    subscribe: [],
  });
}

/** Finds neighbouring ports that are free. */
function findRange(count: number): { min: number; max: number } {
  for (;;) {
    const min = probeUdpPort(0, undefined);
    try {
      for (let port = min; port < min + count; port += 1) probeUdpPort(port, undefined);
      return { min, max: min + count - 1 };
    } catch {
      // One of them is taken: another try.
    }
  }
}

test(
  'with a range of 4 ports the fifth peer is refused, the worker lives, and a freed port is used again (MED-7)',
  async () => {
    const engine = createEngine({ ports: 0, portRange: findRange(4) });
    await engine.start();
    for (let count = 0; count < 4; count += 1) await publish(engine, `s${count}`);
    await expect(publish(engine, 's4')).rejects.toMatchObject({ code: 'unavailable' });
    const dump = await engine.dump();
    expect(dump.workers[0]?.restarts).toBe(0);
    expect(dump.streams.map(({ stream }) => stream)).toEqual(['s0', 's1', 's2', 's3']);
    await engine.closePeer('s1');
    await waitFor(() => publish(engine, 's5').then(Boolean, () => false));
  },
  TIMEOUT_MS,
);

test(
  'workers split a port range, so that each port is used once; a range that is too small fails the start',
  async () => {
    const range = findRange(4);
    const engine = createEngine({ ports: 0, portRange: range, workers: 2 });
    await engine.start();
    expect(engine.health().map(({ port }) => port)).toEqual([range.min, range.min + 2]);
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((group) => publish(engine, group, group)));
    const ports = answers.map(({ answer }) => / 127\.0\.0\.1 (\d+) typ host/.exec(answer)?.[1]);
    expect(new Set(ports).size).toBe(4);
    const small = createEngine({ ports: 0, portRange: { min: range.min, max: range.min }, workers: 2 });
    await expect(small.start()).rejects.toThrow('too few for 2 workers');
  },
  TIMEOUT_MS,
);

test(
  'the port is bound from the start on: a second engine on it does not start, and the first goes on (MED-7)',
  async () => {
    const first = createEngine({ ports: 0 });
    await first.start();
    const port = first.health()[0]?.port ?? 0;
    const second = createEngine({ ports: port });
    await expect(second.start()).rejects.toThrow(`UDP port ${port} cannot be bound: another process uses it`);
    expect((await publish(first, 's')).publish).toEqual(published);
    expect(first.health()).toEqual([{ worker: 0, port, isReady: true }]);
  },
  TIMEOUT_MS,
);

test(
  'the port stays bound when the last peer has gone',
  async () => {
    const engine = createEngine({ ports: 0, listenAddress: '127.0.0.1' });
    await engine.start();
    const port = engine.health()[0]?.port ?? 0;
    await publish(engine, 's');
    await engine.closePeer('s');
    expect(() => probeUdpPort(port, '127.0.0.1')).toThrow('another process uses it');
  },
  TIMEOUT_MS,
);

test(
  'a worker that dies three times in 30 s is reported with its reason, in the log and by its health (MED-7)',
  async () => {
    const lines: unknown[][] = [];
    const log = (...line: unknown[]): void => void lines.push(line);
    const logger: MediaLogger = { info: () => undefined, warn: log, error: log };
    const engine = createEngine({ ports: 0, logger });
    await engine.start();
    for (let death = 1; death <= 3; death += 1) {
      await waitFor(() => engine.health()[0]?.isReady === true, 10_000);
      const died = new Promise((resolve) => engine.on('workerDied', resolve));
      process.kill((await engine.dump()).workers[0]?.pid ?? 0, 'SIGKILL');
      await died;
      expect(engine.health()[0]?.isReady).toBe(false);
    }
    const problem = 'died 3 times in 30 s: signal SIGKILL';
    expect(engine.health()[0]?.problem).toBe(problem);
    expect(lines.at(-1)).toEqual([{ worker: 0, problem }, 'A media worker keeps dying']);
    await waitFor(() => engine.health()[0]?.isReady === true, 10_000);
  },
  TIMEOUT_MS,
);

test(
  'a worker ends itself when it may not send any more, unless it learns that it may; the next one has no limit (CLUS-5)',
  async () => {
    const engine = createEngine({ ports: 0 });
    await engine.start();
    const deaths: string[] = [];
    engine.on('workerDied', (_worker, detail) => deaths.push(detail));
    const pidOf = async () => (await engine.dump()).workers[0]?.pid;
    const pid = await pidOf();
    engine.limitSending(20);
    engine.limitSending(60_000);
    engine.limitSending(undefined);
    engine.limitSending(60_000);
    // The channel is ordered: the worker knows the last limit.
    await engine.dump();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([await pidOf(), deaths]).toEqual([pid, []]);
    engine.limitSending(20);
    await waitFor(() => deaths.length > 0, 10_000);
    expect(deaths).toEqual(['signal SIGKILL']);
    await waitFor(() => engine.health()[0]?.isReady === true, 10_000);
    expect((await publish(engine, 's')).publish).toEqual(published);
  },
  TIMEOUT_MS,
);

test(
  'a worker that comes back to a port that was taken meanwhile says so, and has it when it is free again',
  async () => {
    const engine = createEngine({ ports: 0 });
    await engine.start();
    const { port = 0 } = engine.health()[0] ?? {};
    const { pid = 0 } = (await engine.dump()).workers[0] ?? {};
    const reasons: string[] = [];
    const socket = createSocket('udp4');
    engine.on('workerDied', (_worker, detail) => {
      // At the first death the port is free for a moment.
      if (reasons.push(detail) === 1) socket.bind(port);
    });
    process.kill(pid, 'SIGKILL');
    await once(socket, 'listening');
    await waitFor(() => engine.health()[0]?.problem !== undefined, 20_000);
    expect(reasons.at(-1)).toBe(`UDP port ${port} cannot be bound: another process uses it`);
    socket.close();
    await waitFor(() => engine.health()[0]?.isReady === true, 20_000);
    expect((await publish(engine, 's')).publish).toEqual(published);
  },
  TIMEOUT_MS,
);

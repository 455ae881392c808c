/**
 * What one forwarded packet costs: one publisher of 200 packets/s of 1,100 bytes, N players, one worker.
 *
 * Run: node bench/media-forwarding.ts [players=50] [seconds=10]
 *
 * The players live in a process of their own and only count. The figure is the worker's CPU time (user and system,
 * from /proc) per million packets handed to players: Linux only.
 *
 * @module
 */

import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMediaEngine } from '../packages/media/src/index.ts';
import { SyntheticPeer } from '../packages/media/tests/synthetic-peer.ts';

const players = Number(process.argv[2] ?? 50);
const seconds = Number(process.argv[3] ?? 10);
const packetsPerSecond = 200;
const payload = Buffer.alloc(1_100 - 20);
/** Linux counts CPU time in 1/100 s. */
const clockTicks = 100;

function readCpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / clockTicks;
}

if (process.argv[2] === 'players') {
  const peers = new Map<string, SyntheticPeer>();
  const engine = {
    play: ({ player, offer }: { player: string; offer: string }) =>
      new Promise<{ answer: string }>((resolve) => {
        const handle = (message: { player: string; answer: string }): void => {
          if (message.player !== player) return;
          process.off('message', handle);
          resolve(message);
        };
        process.on('message', handle);
        process.send?.({ player, offer });
      }),
  };
  for (let i = 0; i < Number(process.argv[3]); i += 1) {
    const player = `player-${i}`;
    peers.set(player, await SyntheticPeer.play(engine as never, 'stream', player));
  }
  process.send?.({ ready: true });
  setInterval(() => {
    for (const peer of peers.values()) peer.rtp.length = 0;
  }, 200);
} else {
  const engine = createMediaEngine({ ports: 0 });
  await engine.start();
  const publisher = await SyntheticPeer.publish(engine, 'stream');
  const child = fork(new URL(import.meta.url), ['players', String(players)]);
  await new Promise<void>((resolve) => {
    child.on('message', async (message: { player: string; offer: string; ready?: boolean }) => {
      if (message.ready) return resolve();
      const { answer } = await engine.play({ stream: 'stream', player: message.player, offer: message.offer });
      child.send({ player: message.player, answer });
    });
  });
  let sequence = 0;
  const startedAtMs = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAtMs) * packetsPerSecond) / 1000;
    for (; sequence < due; sequence += 1) publisher.sendRtp({ sequence, payload, timestamp: sequence * 450 });
  }, 5);
  await sleep(2_000);
  const before = await engine.dump();
  const pid = before.workers[0]?.pid ?? 0;
  const cpuBefore = readCpuSeconds(pid);
  await sleep(seconds * 1000);
  const after = await engine.dump();
  const cpuSeconds = readCpuSeconds(pid) - cpuBefore;
  clearInterval(timer);
  const forwarded = (after.streams[0]?.forwardedPackets ?? 0) - (before.streams[0]?.forwardedPackets ?? 0);
  console.log(
    JSON.stringify({
      players,
      forwarded,
      packetsPerSecond: Math.round(forwarded / seconds),
      workerCpuSeconds: Number(cpuSeconds.toFixed(2)),
      cpuSecondsPerMillion: Number(((cpuSeconds * 1e6) / forwarded).toFixed(1)),
      lostByPublisher: after.streams[0]?.publisher.lost,
    }),
  );
  child.kill('SIGKILL');
  publisher.close();
  await engine.close();
  process.exit();
}

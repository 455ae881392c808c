/**
 * Half an hour of rooms at a steady rate, to detect growing memory.
 *
 *     npm run bench -- soak [--minutes 30]
 *
 * Users log in, send messages, are kicked, log out, or drop their connection; rooms are closed; streams are published, played and
 * deleted; every event is posted to a receiver. Prints the server's memory once a minute, and at the end the trend over
 * the second half.
 *
 * @module
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { memoryBytesOf, processTree } from './harness/processes.ts';
import { describeMachine } from './harness/report.ts';
import type { RtpStream } from './harness/rtp-stream.ts';
import { connectBackend, joinGavel, startGavelProcess, tokenOf } from './peers/gavel.ts';
import { type GavelMediaMember, joinGavelMedia } from './peers/gavel-media.ts';
import type { RoomUser } from './peers/room-server.ts';

const { values } = parseArgs({ allowPositionals: true, options: { minutes: { type: 'string', default: '30' } } });
const minutes = Number(values.minutes);
const ROOMS = 40;
/** For each second. */
const RATES = { joins: 20, kicks: 8, messages: 10, vanishings: 3, closes: 0.5, publishes: 1 };
const STREAM_LIFE_MS = 8_000;
const PACKET_INTERVAL_MS = 20;

interface Guest {
  readonly userId: string;
  readonly roomId: string;
  readonly user: RoomUser;
}

const done = { joins: 0, kicks: 0, messages: 0, vanishings: 0, closes: 0, publishes: 0, refused: 0, callbacks: 0 };
const guests = new Set<Guest>();
let lastUser = 0;

const receiver = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    done.callbacks += 1;
    response.end();
  });
});
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const { port: receiverPort } = receiver.address() as AddressInfo;
const server = await startGavelProcess(`http://127.0.0.1:${receiverPort}/`);
const backend = connectBackend(server.port, 8);
const [root = -1, ...workers] = server.pids();
const processes = String(server.pids());

const anyOf = <T>(items: Iterable<T>): T | undefined => {
  const all = [...items];
  return all[Math.floor(Math.random() * all.length)];
};
const newUserId = (): string => `user-${++lastUser}`;
const newRoomId = (): string => `room-${Math.floor(Math.random() * ROOMS)}`;
const takeGuest = (): Guest | undefined => {
  const guest = anyOf(guests);
  if (guest) guests.delete(guest);
  return guest;
};

const acts: Readonly<Record<keyof typeof RATES, () => Promise<void>>> = {
  async joins() {
    const [userId, roomId] = [newUserId(), newRoomId()];
    const login = { userId, roomId, token: tokenOf(userId), members: true };
    let guest: Guest | undefined;
    const user = await joinGavel(server.port, login, { onOut: () => guest && guests.delete(guest) });
    guest = { userId, roomId, user };
    guests.add(guest);
  },
  async kicks() {
    const guest = takeGuest();
    if (guest) await backend.call('KickoutUser', { RoomId: guest.roomId, 'UserId[]': [guest.userId] });
  },
  async messages() {
    const roomId = anyOf(guests)?.roomId;
    if (roomId === undefined) return;
    const from = { UserId: 'backend', UserName: 'backend', MessageCategory: '1' };
    await backend.call('SendBroadcastMessage', { ...from, RoomId: roomId, MessageContent: 'hello '.repeat(20) });
  },
  async vanishings() {
    takeGuest()?.user.drop();
  },
  async closes() {
    const roomId = anyOf(guests)?.roomId;
    if (roomId !== undefined) await backend.call('CloseRoom', { RoomId: roomId });
  },
  async publishes() {
    const [roomId, streamId] = [newRoomId(), `stream-${lastUser}`];
    const members: GavelMediaMember[] = [];
    let sending: NodeJS.Timeout | undefined;
    try {
      const peers: RtpStream[] = [];
      for (const role of ['publish', 'play', 'play'] as const) {
        const member = await joinGavelMedia(server.port, newUserId(), roomId);
        members.push(member);
        peers.push(await member[role](streamId));
      }
      const [publisher] = peers;
      const packet = publisher?.createPacket(1_100).packet;
      sending = setInterval(() => packet && publisher?.sendRtp(packet), PACKET_INTERVAL_MS);
      await sleep(STREAM_LIFE_MS);
      if (Math.random() < 0.5)
        await backend.call('DeleteStream', { RoomId: roomId, UserId: 'backend', StreamId: streamId });
    } finally {
      clearInterval(sending);
      for (const member of members) member.drop();
    }
  },
};

async function heapMebibytes(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
  return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1]) / 2 ** 20;
}

const toMebibytes = (bytes: number): number => bytes / 2 ** 20;
const samples: { minute: number; server: number; heap: number; workers: number }[] = [];

console.log(`${describeMachine()}\nFor each second: ${JSON.stringify(RATES)}; ${ROOMS} rooms; ${minutes} minutes.\n`);
console.log('| Minute | Server, MiB | of it heap in use | Media workers, MiB | Users in | Callbacks | Refused |');
console.log('|---|---|---|---|---|---|---|');
const beganAtMs = performance.now();
const begun = Object.fromEntries(Object.keys(RATES).map((name) => [name, 0])) as Record<keyof typeof RATES, number>;
for (let minute = 0; ; ) {
  const seconds = (performance.now() - beganAtMs) / 1000;
  for (const [name, rate] of Object.entries(RATES) as [keyof typeof RATES, number][]) {
    for (; begun[name] < seconds * rate; begun[name] += 1) {
      acts[name]().then(
        () => {
          done[name] += 1;
        },
        // The room may be closed, or the user gone, when the call arrives.
        () => {
          done.refused += 1;
        },
      );
    }
  }
  if (seconds >= minute * 60) {
    // A restarted process would look like freed memory.
    if (String(processTree(root)) !== processes) throw new Error(`A process of the server ended:\n${server.output()}`);
    const sample = {
      minute,
      server: toMebibytes(memoryBytesOf([root])),
      heap: await heapMebibytes(),
      workers: toMebibytes(memoryBytesOf(workers)),
    };
    samples.push(sample);
    const figures = [sample.server, sample.heap, sample.workers].map((value) => value.toFixed(1));
    console.log(`| ${minute} | ${figures.join(' | ')} | ${guests.size} | ${done.callbacks} | ${done.refused} |`);
    minute += 1;
  }
  if (seconds >= minutes * 60) break;
  await sleep(20);
}

/** The rise of the least-squares line through the second half, in MiB for each hour. */
function trendOf(key: 'server' | 'heap' | 'workers'): number {
  const half = samples.slice(Math.floor(samples.length / 2));
  const meanX = half.reduce((sum, { minute }) => sum + minute, 0) / half.length;
  const meanY = half.reduce((sum, sample) => sum + sample[key], 0) / half.length;
  const over = half.reduce((sum, sample) => sum + (sample.minute - meanX) * (sample[key] - meanY), 0);
  const under = half.reduce((sum, { minute }) => sum + (minute - meanX) ** 2, 0);
  return (over / under) * 60;
}

console.log(`\nDone: ${JSON.stringify(done)}`);
for (const key of ['server', 'heap', 'workers'] as const) {
  console.log(`Trend of ${key} over the second half: ${trendOf(key).toFixed(1)} MiB an hour`);
}
backend.close();
receiver.close();
receiver.closeAllConnections();
await server.stop();
process.exit();

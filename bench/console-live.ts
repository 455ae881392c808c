/**
 * What an open console costs the server with 10,000 rooms and 100,000 people, who stay ten minutes each.
 *
 *     node_modules/.bin/node bench/console-live.ts [seconds=10]
 *
 * The server runs in this process, with a fake media engine; a console is a process of its own, which does what the page does:
 * it follows `/events`, and reads the list of rooms and the overview again after events, once per second. The people come and
 * go in every stretch; a stretch without a console shows what they cost. The figure is the CPU time of this process for each
 * second, above that.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { MemberId, RoomId, RoomKey, UserId } from '@gavel/protocol';
import type { Command } from '@gavel/server';
import { startTestServer, TEST_API_TOKEN, TEST_APP } from '@gavel/testkit';

const ROOMS = 10_000;
const PEOPLE_PER_ROOM = 10;
const STAY_SECONDS = 600;
const CHANGES_PER_SECOND = Math.round((ROOMS * PEOPLE_PER_ROOM) / STAY_SECONDS);
const TICK_MS = 100;
const ROUNDS = 3;
/** A console that gets less than this part of the events did not do its work. */
const MIN_EVENTS_PART = 0.8;
/** The goal: the part of a core that one console costs. */
const GOAL_PERCENT = 5;
const headers = { authorization: `Bearer ${TEST_API_TOKEN}` };
const [first = '10', url = ''] = process.argv.slice(2);
if (first === 'console') await runConsole(url);
else await measureAll(Number(first));

/** Does what the page of the overview and that of the rooms do, until the process is ended. */
async function runConsole(baseUrl: string): Promise<void> {
  const read = async (path: string): Promise<void> => {
    await (await fetch(`${baseUrl}/admin/v1${path}`, { headers })).text();
  };
  const response = await fetch(`${baseUrl}/admin/v1/events?detail=rooms`, { headers });
  if (!response.body) throw new Error(`/events: ${response.status}`);
  let hasNews = false;
  let received = 0;
  setInterval(() => {
    process.send?.(received);
    if (!hasNews) return;
    hasNews = false;
    void Promise.all([read('/rooms'), read('/overview')]);
  }, 1000);
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    hasNews = true;
    received += text.split('\nevent: ').length - 1;
  }
}

async function measureAll(seconds: number): Promise<void> {
  // The members send no heartbeats.
  const gavel = await startTestServer({ rooms: { heartbeatTimeoutMs: 86_400_000 } });
  const origin = { channel: 'server', requestId: 'bench' } as const;
  const members: { readonly key: RoomKey; readonly memberId: MemberId }[] = [];
  let logins = 0;
  const enter = async (room: number): Promise<void> => {
    logins += 1;
    const key: RoomKey = {
      appId: TEST_APP.appId as RoomKey['appId'],
      environment: 'production',
      roomId: `room-${room}` as RoomId,
    };
    const { session } = await gavel.rooms.execute(key, loginOf(`user-${logins}`), origin);
    if (session) members.push({ key, memberId: session.member.memberId });
  };
  for (let room = 0; room < ROOMS; room += 1) {
    for (let person = 0; person < PEOPLE_PER_ROOM; person += 1) await enter(room);
  }
  /** The oldest login ends, and a new one begins in its place, at the rate of the stay. */
  const change = async (): Promise<void> => {
    const oldest = members.shift();
    if (oldest) await gavel.rooms.execute(oldest.key, { type: 'logout', memberId: oldest.memberId }, origin);
    await enter(logins % ROOMS);
  };
  const churn = async (): Promise<number> => {
    const before = process.cpuUsage();
    const beganAtMs = performance.now();
    for (let done = 0; performance.now() - beganAtMs < seconds * 1000; ) {
      const due = Math.floor(((performance.now() - beganAtMs) / 1000) * CHANGES_PER_SECOND);
      for (; done < due; done += 1) await change();
      await sleep(TICK_MS);
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 10 / (performance.now() - beganAtMs);
  };

  console.log(
    `${ROOMS} rooms, ${ROOMS * PEOPLE_PER_ROOM} people, ${CHANGES_PER_SECOND} come and go per second, stretches of ${seconds} s`,
  );
  await churn();
  const shares: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const without = await churn();
    const { child, countEvents } = await openConsole(gavel.baseUrl);
    const eventsBefore = countEvents();
    const withOne = await churn();
    const events = Math.round((countEvents() - eventsBefore) / seconds);
    child.kill();
    const isStarved = events < MIN_EVENTS_PART * CHANGES_PER_SECOND;
    if (!isStarved) shares.push(withOne - without);
    console.log(
      `round ${round + 1}: ${without.toFixed(1)} % of a core without a console, ${withOne.toFixed(1)} % with one, which got ${events} events/s${isStarved ? ': not judged, the machine is too busy' : ''}`,
    );
  }
  const median = shares.toSorted((a, b) => a - b)[Math.floor(shares.length / 2)];
  console.log(
    median === undefined
      ? 'no round was judged'
      : `a console costs ${median.toFixed(1)} % of a core; the goal of ${GOAL_PERCENT} % is ${median <= GOAL_PERCENT ? 'met' : 'missed'}`,
  );
  await gavel.close();
}

/** Starts a console, and waits until it gets events. */
async function openConsole(baseUrl: string): Promise<{ child: ChildProcess; countEvents: () => number }> {
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'console', baseUrl], { stdio: [...stdio] });
  let received = 0;
  child.on('message', (count) => {
    received = Number(count);
  });
  await once(child, 'message');
  return { child, countEvents: () => received };
}

function loginOf(userId: string): Extract<Command, { readonly type: 'login' }> {
  return {
    type: 'login',
    user: { id: userId as UserId, name: `Name of ${userId}` },
    scheme: 'app-token',
    clientId: userId,
    connectionId: `connection-of-${userId}`,
    onDuplicate: 'allow',
    wantsMembers: false,
    permissions: { publishAudio: true, publishVideo: true },
    maxMemberCount: 0,
    address: '203.0.113.7',
    callbackData: '',
  };
}

/**
 * Shows that every room server of the table does the same work: `npm run bench -- verify-peers`, or with names of
 * some.
 *
 * A comparison is only valid if all servers do the same work. Each server gets two rooms of ten; the events that its users receive for a
 * message, a kick and a close are counted, and each count is checked.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { makeSeats, prepareSeats, seatAll } from './harness/load.ts';
import { ROOM_SERVERS } from './peers/all.ts';
import type { RoomServerKind, RunningRoomServer } from './peers/room-server.ts';

const USERS_PER_ROOM = 10;
/** The time in which expected events must arrive and unexpected ones could arrive. */
const WAIT_MS = 500;

interface Counts {
  out: number;
  otherOut: number;
  message: number;
}

class Crowd {
  readonly counts: Counts[];
  readonly #server: RunningRoomServer;
  readonly rooms: readonly [string, string];
  readonly firstUser: string;

  private constructor(server: RunningRoomServer, counts: Counts[], rooms: readonly [string, string], user: string) {
    this.#server = server;
    this.counts = counts;
    this.rooms = rooms;
    this.firstUser = user;
  }

  static async seat(server: RunningRoomServer): Promise<Crowd> {
    const seats = makeSeats(2, USERS_PER_ROOM);
    const counts = seats.map(() => ({ out: 0, otherOut: 0, message: 0 }));
    await prepareSeats(server, seats);
    await seatAll(server, seats, (_seat, index) => {
      const count = counts[index] ?? { out: 0, otherOut: 0, message: 0 };
      return {
        onOut: () => {
          count.out += 1;
        },
        onOtherOut: () => {
          count.otherOut += 1;
        },
        onMessage: () => {
          count.message += 1;
        },
      };
    });
    await sleep(WAIT_MS);
    const [rooms, user] = [seats.map(({ roomId }) => roomId), seats[0]?.userId ?? ''];
    return new Crowd(server, counts, [rooms[0] ?? '', rooms.at(-1) ?? ''], user);
  }

  /** Does something; gives what the first user, the nine beside it and the other room have been told of it. */
  async watch(act: (server: RunningRoomServer) => Promise<void>): Promise<string> {
    for (const count of this.counts) Object.assign(count, { out: 0, otherOut: 0, message: 0 });
    await act(this.#server);
    await sleep(WAIT_MS);
    const [first, ...rest] = this.counts;
    return [first ? [first] : [], rest.slice(0, USERS_PER_ROOM - 1), rest.slice(USERS_PER_ROOM - 1)]
      .map((group) =>
        [...new Set(group.map((count) => `${count.out}/${count.otherOut}/${count.message}`))].join(' or '),
      )
      .join(', ');
  }
}

/** Runs the checks on a server and returns the problems. */
async function verify(kind: RoomServerKind, quiet: boolean): Promise<string[]> {
  const server = await kind.start({ quiet });
  const wrong: string[] = [];
  const check = (what: string, seen: string, wanted: string): void => {
    const isRight = seen === wanted;
    console.log(`  ${isRight ? 'right' : 'WRONG'}  ${what}: ${seen}${isRight ? '' : `, not ${wanted}`}`);
    if (!isRight) wrong.push(`${kind.name}: ${what}`);
  };
  try {
    const crowd = await Crowd.seat(server);
    const [room, otherRoom] = crowd.rooms;
    if (!kind.cannot?.say) {
      check('a message', await crowd.watch(() => server.say(room, 'hello')), '0/0/1, 0/0/1, 0/0/0');
    }
    if (!kind.cannot?.kick && !quiet) {
      check('a kick', await crowd.watch(() => server.kick(crowd.firstUser, room)), '1/0/0, 0/1/0, 0/0/0');
      if (!kind.cannot?.say) {
        check('a message after it', await crowd.watch(() => server.say(room, 'bye')), '0/0/0, 0/0/1, 0/0/0');
      }
      check('a close', await crowd.watch(() => server.close(room)), '0/0/0, 1/0/0, 0/0/0');
    } else {
      check('a close', await crowd.watch(() => server.close(room)), '1/0/0, 1/0/0, 0/0/0');
    }
    if (!kind.cannot?.say) {
      check('the other room', await crowd.watch(() => server.say(otherRoom, 'hello')), '0/0/0, 0/0/0, 0/0/1');
    }
  } finally {
    await server.stop();
  }
  return wrong;
}

const names = process.argv.slice(2);
const wrong: string[] = [];
console.log(
  'Counts are: told to be out / told of another who is out / messages; of the first user, its room, another room.',
);
for (const kind of ROOM_SERVERS.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const obstacle = kind.findObstacle?.();
  for (const quiet of obstacle === undefined ? [false, true] : []) {
    console.log(`${kind.name}, ${quiet ? 'quiet' : 'others are told'}`);
    wrong.push(...(await verify(kind, quiet)));
  }
  if (obstacle !== undefined) console.log(`${kind.name}: skipped (${obstacle})`);
}
process.exit(wrong.length === 0 ? 0 : 1);

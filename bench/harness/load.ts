/**
 * Parts of loads: many users in, a latch that counts down.
 *
 * @module
 */

import type { RoomUser, RunningRoomServer, UserEvents } from '../peers/room-server.ts';

/** Counts down; `done` resolves at zero. */
export class Latch {
  readonly done: Promise<void>;
  #left: number;
  #resolve: () => void = () => {};

  constructor(count: number) {
    this.#left = count;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    if (count === 0) this.#resolve();
  }

  count(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#resolve();
  }

  /** Waits, but not for ever: a lost event must show as an error and not as a benchmark that hangs. */
  async within(timeoutMs: number, what: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${what}: ${this.#left} missing after ${timeoutMs} ms`)), timeoutMs);
    });
    await Promise.race([this.done, late]).finally(() => clearTimeout(timer));
  }
}

/** Does something for each item, some of them at a time. */
export async function forEachAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) await work(items[index] as T, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}

/** A user who is to be in a room. */
export interface Seat {
  readonly userId: string;
  readonly roomId: string;
}

let lastCrowd = 0;

/** Names users and their rooms, new ones at each call. */
export function makeSeats(rooms: number, usersPerRoom: number): readonly Seat[] {
  lastCrowd += 1;
  const crowd = lastCrowd;
  return Array.from({ length: rooms * usersPerRoom }, (_, index) => ({
    userId: `user-${crowd}-${index}`,
    roomId: `room-${crowd}-${Math.floor(index / usersPerRoom)}`,
  }));
}

/** Lets a server make ready what must be there before these users come. */
export async function prepareSeats(server: RunningRoomServer, seats: readonly Seat[]): Promise<void> {
  await server.prepare?.(
    seats.map(({ userId }) => userId),
    [...new Set(seats.map(({ roomId }) => roomId))],
  );
}

/** Puts users into their rooms, 50 at a time. */
export async function seatAll(
  server: RunningRoomServer,
  seats: readonly Seat[],
  eventsOf: (seat: Seat, index: number) => UserEvents = () => ({}),
  atOnce = 50,
): Promise<RoomUser[]> {
  const users: RoomUser[] = [];
  await forEachAtOnce(seats, atOnce, async (seat, index) => {
    users[index] = await server.join(seat.userId, seat.roomId, eventsOf(seat, index));
  });
  return users;
}

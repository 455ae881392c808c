/**
 * A room server as the benchmarks drive it: users who are in rooms, and a backend that acts on them.
 *
 * @module
 */

import type { RunningSubject, Subject } from '../harness/row.ts';

/** The heartbeat interval of each user, whether its client or the server begins. */
export const HEARTBEAT_INTERVAL_MS = 10_000;

/** The work of a row, which a room server may be unable to do. */
export type Work = 'join' | 'kick' | 'close' | 'say' | 'idle' | 'restart';

/** Events that a user's client receives. */
export interface UserEvents {
  /** It was removed: by a kick, or because its room was closed. */
  onOut?(): void;
  /** Another user was removed. Only in rooms that are not quiet. */
  onOtherOut?(): void;
  /** A message was received. */
  onMessage?(): void;
}

/** A user's client, in its room. */
export interface RoomUser {
  /** Sends the protocol's heartbeat without waiting for an answer; does nothing if the server sends heartbeats. */
  beat(): void;
  /** Ends the connection without a logout. */
  drop(): void;
}

/** A running room server. */
export interface RunningRoomServer extends RunningSubject {
  /** The processes whose CPU time and memory count. */
  pids(): readonly number[];
  /** Gets ready to let users in: makes accounts, tokens or rooms where they must be there before. Not measured. */
  prepare?(userIds: readonly string[], roomIds: readonly string[]): Promise<void>;
  /** Connects a user and puts it into a room; resolves when the server has confirmed the join. */
  join(userId: string, roomId: string, events: UserEvents): Promise<RoomUser>;
  /** The backend kicks a user; resolves with the answer. */
  kick(userId: string, roomId: string): Promise<void>;
  /** The backend closes a room. */
  close(roomId: string): Promise<void>;
  /** The backend sends a message to everybody in a room, or a member does if a backend cannot. */
  say(roomId: string, text: string): Promise<void>;
  /** Stops the server and starts it again at the same address; resolves when it lets users in. All users are out. */
  restart(): Promise<void>;
}

/** How a room server is to be started. */
export interface RoomServerOptions {
  /** Users receive no events about each other's joining and leaving. */
  readonly quiet: boolean;
  /** How many calls its backend may have under way at once; default 1. */
  readonly connections?: number;
}

/** A room server that can be started. */
export interface RoomServerKind {
  readonly name: string;
  /** What it cannot do, and why; it is left out of the rows about that, by name. */
  readonly cannot?: Partial<Readonly<Record<Work, string>>>;
  /** Work of which it does the least part only: it shows what that costs, and Gavel is not compared with it. */
  readonly isFloorIn?: readonly Work[];
  /** What is missing on this machine, in a few words; undefined when it can be started. */
  findObstacle?(): string | undefined;
  start(options: RoomServerOptions): Promise<RunningRoomServer>;
}

/** Makes subjects of room servers, all started alike. @param work what the row is about */
export function subjectsOf(
  kinds: readonly RoomServerKind[],
  work: Work,
  options: RoomServerOptions,
): readonly Subject<RunningRoomServer>[] {
  return kinds.map((kind) => ({
    name: kind.name,
    isFloor: kind.isFloorIn?.includes(work) ?? false,
    findObstacle: () => kind.cannot?.[work] ?? kind.findObstacle?.(),
    start: () => kind.start(options),
  }));
}

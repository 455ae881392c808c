/**
 * Keeps the view of a room from its events. A gap is mended by a snapshot; what comes meanwhile waits for it.
 *
 * @module
 */

import type { LoginResult, MediaClosedFrame, ResumeResult, RoomEventFrame, WireSnapshot } from '@gavel/protocol';
import { type RoomChange, RoomView } from './room-view.ts';

/** What a feed works with. */
export interface RoomFeedTask {
  /** Asks the server for the whole state. */
  askSnapshot(): Promise<WireSnapshot>;
  changed(change: RoomChange): void;
  counted(memberCount: number): void;
  /** The gap cannot be mended: coming back brings either the missed events or a snapshot. */
  lost(): void;
}

/** What is known of a room, and how it comes to be known. */
export class RoomFeed {
  readonly #task: RoomFeedTask;
  #room: RoomView | undefined;
  /** Events that wait for a snapshot; undefined while none is asked for. */
  #backlog: RoomEventFrame[] | undefined;

  constructor(task: RoomFeedTask) {
    this.#task = task;
  }

  /** Undefined before the first login. */
  get room(): RoomView | undefined {
    return this.#room;
  }

  /** Takes the state that a login brings; gives what has changed since the one before it. */
  handleLogin({ memberId, room }: LoginResult): readonly RoomChange[] {
    if (this.#room) return [this.#room.replace(room, memberId)];
    this.#room = new RoomView(memberId, room);
    return [];
  }

  /** Takes the state that a resume brings, where it brings one. */
  handleResume({ room }: ResumeResult): readonly RoomChange[] {
    return room && this.#room ? [this.#room.replace(room)] : [];
  }

  /** Takes one event. */
  handle(frame: RoomEventFrame): void {
    if (!this.#room) return;
    if (this.#backlog) {
      this.#backlog.push(frame);
      return;
    }
    const countBefore = this.#room.memberCount;
    const applied = this.#room.apply(frame);
    if (applied === 'gap') {
      void this.#mendGap([frame]);
      return;
    }
    this.#task.changed(applied);
    if (this.#room.memberCount !== countBefore) this.#task.counted(this.#room.memberCount);
  }

  /** Whether a change of the stream list is known already. */
  hasSeen(streamSeq: number): boolean {
    return this.#room?.hasSeen(streamSeq) ?? false;
  }

  /** Takes a stream out without a word. */
  drop({ streamId, streamSeq }: MediaClosedFrame): void {
    if (!this.#backlog && this.#room?.drop(streamId, streamSeq) === false) void this.#mendGap([]);
  }

  /** The connection has gone: what waits for its snapshot is brought by coming back. */
  interrupt(): void {
    this.#backlog = undefined;
  }

  async #mendGap(backlog: RoomEventFrame[]): Promise<void> {
    this.#backlog = backlog;
    // After an interruption the backlog is another one, or none.
    const isStill = () => this.#backlog === backlog;
    try {
      const snapshot = await this.#task.askSnapshot();
      if (!isStill() || !this.#room) return;
      this.#backlog = undefined;
      this.#task.changed(this.#room.replace(snapshot));
      for (const frame of backlog) this.handle(frame);
    } catch {
      if (isStill()) this.#task.lost();
    }
  }
}

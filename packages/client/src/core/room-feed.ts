/**
 * Keeps the view of a room up to date from its events. A gap is repaired with a snapshot; events that arrive meanwhile are queued.
 *
 * @module
 */

import type { LoginResult, MediaClosedFrame, ResumeResult, RoomEventFrame, WireSnapshot } from '@gavel/protocol';
import { type RoomChange, RoomView } from './room-view.ts';

/** Dependencies of a feed. */
export interface RoomFeedTask {
  /** Requests the whole state from the server. */
  askSnapshot(): Promise<WireSnapshot>;
  changed(change: RoomChange): void;
  counted(memberCount: number): void;
  /** The snapshot request failed; a resume delivers the missed events or a snapshot. */
  lost(): void;
}

/** Applies logins, resumes and events to the view of a room. */
export class RoomFeed {
  readonly #task: RoomFeedTask;
  #room: RoomView | undefined;
  /** Events queued until the snapshot arrives; undefined while no snapshot is requested. */
  #backlog: RoomEventFrame[] | undefined;

  constructor(task: RoomFeedTask) {
    this.#task = task;
  }

  /** Undefined before the first login. */
  get room(): RoomView | undefined {
    return this.#room;
  }

  /** Applies the state in a login's answer; returns what has changed since the previous state. */
  handleLogin({ memberId, room }: LoginResult): readonly RoomChange[] {
    if (this.#room) return [this.#room.replace(room, memberId)];
    this.#room = new RoomView(memberId, room);
    return [];
  }

  /** Applies the state in a resume's answer, if it has one. */
  handleResume({ room }: ResumeResult): readonly RoomChange[] {
    return room && this.#room ? [this.#room.replace(room)] : [];
  }

  /** Applies one event. */
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

  /** Returns whether a change of the stream list was already applied. */
  hasSeen(streamSeq: number): boolean {
    return this.#room?.hasSeen(streamSeq) ?? false;
  }

  /** Removes a stream without emitting a change. */
  drop({ streamId, streamSeq }: MediaClosedFrame): void {
    if (!this.#backlog && this.#room?.drop(streamId, streamSeq) === false) void this.#mendGap([]);
  }

  /** Discards the queued events when the connection is lost: the resume delivers them again. */
  interrupt(): void {
    this.#backlog = undefined;
  }

  async #mendGap(backlog: RoomEventFrame[]): Promise<void> {
    this.#backlog = backlog;
    // `interrupt` discards the backlog, and a later gap starts another one.
    const isCurrent = () => this.#backlog === backlog;
    try {
      const snapshot = await this.#task.askSnapshot();
      if (!isCurrent() || !this.#room) return;
      this.#backlog = undefined;
      this.#task.changed(this.#room.replace(snapshot));
      for (const frame of backlog) this.handle(frame);
    } catch {
      if (isCurrent()) this.#task.lost();
    }
  }
}

/**
 * The sound of rooms: who speaks (SPK-1), and how loud every stream is, for those who ask (SPK-2).
 *
 * @module
 */

import type { MediaEngine, SoundLevel } from '@gavel/media';
import {
  type MemberId,
  type PersonalEventFrame,
  type PublishId,
  type RoomKey,
  roomKeyText,
  type WireSoundLevel,
} from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { Notifier } from '../bus/bus.ts';
import type { EventBatch, EventSink } from '../owner/rooms.ts';
import type { RoomEvent } from '../rooms/events.ts';
import { heldBackKinds, type StreamInfo } from '../rooms/stream.ts';
import { ActiveSpeaker, SPEAKER_STEP_MS } from './active-speaker.ts';
import type { MediaState } from './media-state.ts';

/** A level in -dBov that counts as no sound. */
const SILENCE = 127;
/** How many streams a report of levels lists at most. */
const MAX_LEVELS = 50;

/** Dependencies of the monitor. */
export interface SoundMonitorDeps {
  readonly engine: Pick<MediaEngine, 'on'>;
  readonly state: Pick<MediaState, 'streams' | 'streamsOf'>;
  readonly clock: Clock;
  readonly notifier: Notifier;
}

interface Watcher {
  readonly intervalMs: number;
  /** When the next report is due, in milliseconds of the monotonic clock. */
  dueAtMs: number;
}

interface RoomSound {
  readonly key: RoomKey;
  /** In -dBov; a stream that is silent is absent. */
  readonly levels: Map<PublishId, number>;
  readonly speaker: ActiveSpeaker<PublishId>;
  readonly watchers: Map<MemberId, Watcher>;
  /** Whether its watchers have got levels that are not all silent. */
  isReported: boolean;
}

/**
 * Follows the sound levels of the engine. One timer serves all rooms with sound; a silent room costs nothing. Follows the events of
 * rooms as a sink that is called after the fan-out.
 */
export class SoundMonitor implements EventSink {
  readonly #deps: SoundMonitorDeps;
  readonly #rooms = new Map<string, RoomSound>();
  /** The rooms with sound, or whose averages have not faded away yet. */
  readonly #active = new Set<RoomSound>();
  #stopSteps: (() => void) | undefined;

  /** Follows the engine from now on. */
  constructor(deps: SoundMonitorDeps) {
    this.#deps = deps;
    deps.engine.on('soundLevels', (levels) => this.#handleLevels(levels));
    deps.engine.on('peerLost', (peer) => {
      for (const { key, stream } of deps.state.streamsOf(peer as MemberId)) this.#silence(key, stream);
    });
  }

  /** Reports levels to a member at most once per interval from now on, in milliseconds; undefined: no longer. */
  watch(key: RoomKey, memberId: MemberId, intervalMs: number | undefined): void {
    if (intervalMs === undefined) {
      this.#rooms.get(roomKeyText(key))?.watchers.delete(memberId);
      return;
    }
    const room = this.#roomOf(key);
    room.watchers.set(memberId, { intervalMs, dueAtMs: this.#deps.clock.monotonicMs() });
    this.#activate(room);
  }

  handle({ key, events }: EventBatch): void {
    for (const event of events) this.#follow(key, event);
  }

  #follow(key: RoomKey, event: RoomEvent): void {
    const room = this.#rooms.get(roomKeyText(key));
    switch (event.type) {
      case 'memberJoined':
        if (room?.speaker.current !== undefined) this.#sendSpeaker(key, event.member.memberId, room);
        break;
      case 'memberResumed':
        // Also if nobody speaks: the member may know of somebody who did.
        this.#sendSpeaker(key, event.member.memberId, room);
        break;
      case 'memberLeft':
        room?.watchers.delete(event.member.memberId);
        break;
      case 'streamUpdated':
        if (!isHeard(event.stream)) this.#silence(key, event.stream);
        break;
      case 'streamRemoved':
      case 'streamReleased':
        this.#silence(key, event.stream);
        break;
      case 'roomClosed':
        this.#rooms.delete(roomKeyText(key));
        if (room) this.#active.delete(room);
        break;
    }
  }

  #handleLevels(levels: readonly SoundLevel[]): void {
    for (const { stream, level } of levels) {
      const published = this.#deps.state.streams.get(stream as PublishId);
      if (!published || !isHeard(published.stream)) continue;
      const { publishId } = published.stream;
      if (level >= SILENCE) {
        this.#rooms.get(roomKeyText(published.key))?.levels.delete(publishId);
        continue;
      }
      const room = this.#roomOf(published.key);
      room.levels.set(publishId, level);
      this.#activate(room);
    }
  }

  /** Handles a stream that is not heard any longer. */
  #silence(key: RoomKey, { publishId }: StreamInfo): void {
    const room = this.#rooms.get(roomKeyText(key));
    room?.levels.delete(publishId);
    if (room?.speaker.remove(publishId)) this.#deps.notifier.notify({ key, frame: this.#speakerFrame(room) });
  }

  #sendSpeaker(key: RoomKey, memberId: MemberId, room: RoomSound | undefined): void {
    this.#deps.notifier.notify({ key, to: [memberId], frame: this.#speakerFrame(room) });
  }

  #speakerFrame(room: RoomSound | undefined): PersonalEventFrame {
    const speaker = room?.speaker.current;
    const streamId = speaker && this.#deps.state.streams.get(speaker)?.stream.streamId;
    if (!room || !speaker || streamId === undefined) return { event: 'activeSpeaker' };
    return { event: 'activeSpeaker', streamId, level: room.levels.get(speaker) ?? SILENCE };
  }

  #listLevels({ levels }: RoomSound): WireSoundLevel[] {
    const loudest = [...levels].toSorted(([, one], [, other]) => one - other).slice(0, MAX_LEVELS);
    return loudest.flatMap(([publishId, level]) => {
      const published = this.#deps.state.streams.get(publishId);
      return published ? { streamId: published.stream.streamId, level } : [];
    });
  }

  #roomOf(key: RoomKey): RoomSound {
    const text = roomKeyText(key);
    const known = this.#rooms.get(text);
    if (known) return known;
    const speaker = new ActiveSpeaker<PublishId>();
    const room: RoomSound = { key, levels: new Map(), speaker, watchers: new Map(), isReported: false };
    this.#rooms.set(text, room);
    return room;
  }

  #activate(room: RoomSound): void {
    this.#active.add(room);
    this.#stopSteps ??= this.#deps.clock.every(SPEAKER_STEP_MS, () => this.#step());
  }

  #step(): void {
    for (const room of this.#active) {
      if (room.speaker.step(room.levels))
        this.#deps.notifier.notify({ key: room.key, frame: this.#speakerFrame(room) });
      this.#report(room);
      if (room.levels.size === 0 && room.speaker.isIdle && !room.isReported) this.#active.delete(room);
    }
    if (this.#active.size > 0) return;
    this.#stopSteps?.();
    this.#stopSteps = undefined;
  }

  /** Reports the levels to the watchers that are due; the last report before a silence is an empty one. */
  #report(room: RoomSound): void {
    const isAudible = room.levels.size > 0;
    if (room.watchers.size === 0 || (!isAudible && !room.isReported)) {
      room.isReported = false;
      return;
    }
    const nowMs = this.#deps.clock.monotonicMs();
    // Everybody gets the empty report at once.
    const due = [...room.watchers].filter(([, { dueAtMs }]) => !isAudible || dueAtMs <= nowMs);
    for (const [, watcher] of due) watcher.dueAtMs = nowMs + watcher.intervalMs;
    if (due.length > 0) {
      const frame = { event: 'soundLevels', levels: this.#listLevels(room) } as const;
      this.#deps.notifier.notify({ key: room.key, to: due.map(([memberId]) => memberId), frame });
    }
    room.isReported = isAudible;
  }
}

/** Whether the others hear a stream: a muted or blocked one is silent, whatever its publisher sends. */
function isHeard(stream: StreamInfo): boolean {
  return stream.audio && !heldBackKinds(stream).audio;
}

/**
 * What this client wants of the video of a stream that it plays, and keeps the server informed of.
 *
 * @module
 */

import type { UpdatePlayParams, VideoPreferences } from '@gavel/protocol';
import type { Clock } from '../platform.ts';
import type { ShownHeight } from './shown-height.ts';
import { SyncedValue } from './synced-value.ts';

/** Videos with a higher priority are sent first if there is too little bandwidth. */
const PRIORITY = { screen: 3, pinned: 2, speaker: 1, other: 0 } as const;

/** What decides about the video. */
interface Wishes {
  /** Chosen by hand: it replaces the height of the views. */
  maxLayer: number | undefined;
  /** In pixels; 0: not shown; undefined: not known. */
  height: number | undefined;
  isOn: boolean;
  isPinned: boolean;
  isSpeaking: boolean;
}

/** Dependencies of the preferences of a playback. */
export interface PlayPreferencesTask {
  readonly streamId: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether the application needs frames also of a video that is not shown. */
  readonly needsFrames: boolean;
  /** Whether the server plays the stream to this client. */
  canSend(): boolean;
  send(params: UpdatePlayParams): Promise<unknown>;
  isScreen(): boolean;
}

/** The preferences of one playback: sent with its offers, and after each change. */
export class PlayPreferences {
  readonly #task: PlayPreferencesTask;
  readonly #wishes: Wishes;
  readonly #synced: SyncedValue<VideoPreferences>;
  #offered: VideoPreferences;
  #views: Promise<ShownHeight> | undefined;
  /** What the views need; undefined without views, and if that is not known. */
  #viewHeight: number | undefined;
  #isClosed = false;

  constructor(task: PlayPreferencesTask, maxLayer: number | undefined) {
    this.#task = task;
    this.#wishes = { maxLayer, height: undefined, isOn: true, isPinned: false, isSpeaking: false };
    this.#offered = this.#read();
    this.#synced = new SyncedValue(this.#offered, {
      clock: task.clock,
      random: task.random,
      canSend: task.canSend,
      send: (preferences) => task.send({ streamId: task.streamId, ...preferences }),
      refused: (preferences) => preferences,
    });
  }

  /** The preferences that the server has, or will have. */
  get wanted(): VideoPreferences {
    return this.#synced.wanted;
  }

  /** Changes wishes. If the server cannot be reached, they are sent later. */
  set(change: Partial<Wishes>): void {
    Object.assign(this.#wishes, change);
    this.#update();
  }

  /** Adds an element that shows the video, whose size decides; returns a function that removes it. */
  addView(element: HTMLVideoElement): () => void {
    this.#views ??= this.#openViews();
    const views = this.#views;
    // Without the module, the video is as large as there is.
    views.then((shown) => shown.add(element)).catch(() => {});
    return () => void views.then((shown) => shown.remove(element)).catch(() => {});
  }

  /** Returns the preferences for an offer. */
  offer(): VideoPreferences {
    this.#offered = this.#synced.wanted;
    return this.#offered;
  }

  /** Handles the answer to the latest offer: the server has its preferences. */
  handleAnswer(): void {
    this.#synced.confirm(this.#offered);
    // Only now it may be known whether the stream is a screen.
    this.#update();
  }

  /** Stops measuring and sending. */
  close(): void {
    this.#isClosed = true;
    this.#synced.close();
    this.#views?.then((shown) => shown.close()).catch(() => {});
  }

  async #openViews(): Promise<ShownHeight> {
    const { ShownHeight } = await import('./shown-height.ts');
    return new ShownHeight(this.#task.clock, (height) => {
      this.#viewHeight = height;
      this.#update();
    });
  }

  #update(): void {
    const next = this.#read();
    const { wanted } = this.#synced;
    const isSame =
      next.maxLayer === wanted.maxLayer && next.height === wanted.height && next.priority === wanted.priority;
    if (this.#isClosed) return;
    // Not awaited: a refusal means that the stream has ended, which is reported by itself.
    (isSame ? this.#synced.push() : this.#synced.set(next)).catch(() => {});
  }

  #read(): VideoPreferences {
    const { maxLayer, isOn, isPinned, isSpeaking, ...wishes } = this.#wishes;
    const { needsFrames, isScreen } = this.#task;
    const shown = this.#viewHeight ?? wishes.height;
    const isShown = isOn && shown !== 0;
    const height = isShown ? (maxLayer === undefined ? shown : undefined) : needsFrames ? 1 : 0;
    const priority = isScreen()
      ? PRIORITY.screen
      : isPinned
        ? PRIORITY.pinned
        : isSpeaking
          ? PRIORITY.speaker
          : PRIORITY.other;
    return {
      ...(maxLayer !== undefined && { maxLayer }),
      ...(height !== undefined && { height }),
      ...(priority > 0 && { priority }),
    };
  }
}

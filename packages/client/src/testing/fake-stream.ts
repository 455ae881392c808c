/**
 * Streams and tracks without media. For tests only.
 *
 * @module
 */

/** A fake track that only stores state. As in a browser, `stop` raises no event, and an ended track stays ended. */
export class FakeTrack {
  readonly kind: 'audio' | 'video';
  readonly id: string;
  readonly label: string;
  enabled = true;
  muted = false;
  contentHint = '';
  /** What `getSettings` returns; constraints that are applied do not change it. */
  settings: MediaTrackSettings = {};
  /** What was asked of `applyConstraints`. */
  readonly constraints: MediaTrackConstraints[] = [];
  /** The copies of this track; as in a browser, the device is open while one of them is live. */
  readonly clones: FakeTrack[] = [];
  /** The name of the error with which constraints are refused; undefined if they are applied. */
  constraintRefusal: string | undefined;
  #readyState: 'live' | 'ended' = 'live';
  readonly #onEnded = new Set<() => void>();

  constructor(kind: 'audio' | 'video', id = `${kind}-track`) {
    this.kind = kind;
    this.id = id;
    this.label = id;
  }

  get readyState(): 'live' | 'ended' {
    return this.#readyState;
  }

  stop(): void {
    this.#readyState = 'ended';
  }

  getSettings(): MediaTrackSettings {
    return this.settings;
  }

  async applyConstraints(constraints: MediaTrackConstraints): Promise<void> {
    if (this.#readyState === 'ended') throw new DOMException('the track has ended', 'InvalidStateError');
    if (this.constraintRefusal) throw new DOMException('the device cannot do this', this.constraintRefusal);
    this.constraints.push(constraints);
  }

  clone(): FakeTrack {
    const copy = new FakeTrack(this.kind, `${this.id}-copy`);
    copy.settings = this.settings;
    if (this.#readyState === 'ended') copy.stop();
    this.clones.push(copy);
    return copy;
  }

  dispatchEvent({ type }: Event): boolean {
    if (type === 'ended') for (const handler of [...this.#onEnded]) handler();
    return true;
  }

  addEventListener(type: 'ended', handler: () => void): void {
    if (type !== 'ended') throw new Error(`a fake track has no event ${type}`);
    this.#onEnded.add(handler);
  }

  removeEventListener(_type: 'ended', handler: () => void): void {
    this.#onEnded.delete(handler);
  }

  /** Ends the track from outside, as the browser's button, unplugging or a revoked permission does. */
  finish(): void {
    if (this.#readyState === 'ended') return;
    this.#readyState = 'ended';
    for (const handler of [...this.#onEnded]) handler();
  }
}

let streamCount = 0;

/** A fake stream that only stores tracks. */
export class FakeStream {
  readonly id: string;
  #tracks: FakeTrack[];
  readonly #onAdded = new Set<() => void>();

  constructor(tracks: readonly FakeTrack[] = []) {
    streamCount += 1;
    this.id = `stream-${streamCount}`;
    this.#tracks = [...tracks];
  }

  getTracks(): FakeTrack[] {
    return [...this.#tracks];
  }

  getAudioTracks(): FakeTrack[] {
    return this.#tracks.filter((track) => track.kind === 'audio');
  }

  getVideoTracks(): FakeTrack[] {
    return this.#tracks.filter((track) => track.kind === 'video');
  }

  addTrack(track: FakeTrack): void {
    if (!this.#tracks.includes(track)) this.#tracks.push(track);
  }

  removeTrack(track: FakeTrack): void {
    this.#tracks = this.#tracks.filter((other) => other !== track);
  }

  addEventListener(type: 'addtrack', handler: () => void): void {
    if (type !== 'addtrack') throw new Error(`a fake stream has no event ${type}`);
    this.#onAdded.add(handler);
  }

  removeEventListener(_type: 'addtrack', handler: () => void): void {
    this.#onAdded.delete(handler);
  }

  /** Adds a track from outside, as a media element does with its next file; `addTrack` raises no event. */
  receive(track: FakeTrack): void {
    this.addTrack(track);
    for (const handler of [...this.#onAdded]) handler();
  }
}

/**
 * A media engine without media: it answers every offer, and records what was asked of it.
 *
 * @module
 */

import {
  type EngineDump,
  type MediaAnswer,
  type MediaEngine,
  type MediaEngineEvents,
  MediaError,
  type MediaKinds,
  type PlayRequest,
  type PublishRequest,
  type WorkerHealth,
} from '@gavel/media';

type Handlers = { [E in keyof MediaEngineEvents]: Set<(...args: MediaEngineEvents[E]) => void> };

/**
 * Records calls; an offer with the text `bad` is refused. Like the real engine, it plays only published streams, fails a
 * publish that was closed before its answer, and reports connected media only after the answer.
 */
export class FakeMediaEngine implements MediaEngine {
  /** Every call, as `publish:<stream>`, `play:<player>`, `closeStream:<stream>`, `closePlayer:<player>`, `restrict:<stream>`. */
  readonly calls: string[] = [];
  /** The kinds that each stream's last `restrict` blocked. */
  readonly blocked = new Map<string, MediaKinds>();
  /** The state of the only worker, which a test may change. */
  worker: WorkerHealth = { worker: 0, port: 7701, isReady: true };
  /** Whether published streams and players connect automatically. */
  connects = true;
  /** The SDP of every answer. */
  answer = 'answer';
  /** Awaited by each `publish`, so that a test can act before the answer. */
  beforeAnswer: () => Promise<void> = async () => {};
  readonly #open = new Set<string>();
  readonly #handlers: Handlers = {
    streamConnected: new Set(),
    playerConnected: new Set(),
    streamLost: new Set(),
    playerLost: new Set(),
    workerDied: new Set(),
  };

  async start(): Promise<void> {}

  async publish({ stream, offer, allowed }: PublishRequest): Promise<MediaAnswer> {
    this.calls.push(`publish:${stream}`);
    if (offer === 'bad') throw new MediaError('bad-offer', 'bad offer');
    this.#open.add(stream);
    await this.beforeAnswer();
    if (!this.#open.has(stream)) throw new MediaError('no-such-stream', 'closed before it was answered');
    this.#connectLater(() => this.#open.has(stream) && this.emit('streamConnected', stream));
    return answerTo(offer, allowed, this.answer);
  }

  async play({ stream, player, offer }: PlayRequest): Promise<MediaAnswer> {
    this.calls.push(`play:${player}`);
    if (!this.#open.has(stream)) throw new MediaError('no-such-stream', 'no such stream');
    if (offer === 'bad') throw new MediaError('bad-offer', 'bad offer');
    this.#connectLater(() => this.emit('playerConnected', player, stream));
    return answerTo(offer, { audio: true, video: true }, this.answer);
  }

  async closeStream(stream: string): Promise<void> {
    this.calls.push(`closeStream:${stream}`);
    this.#open.delete(stream);
  }

  async closePlayer(player: string): Promise<void> {
    this.calls.push(`closePlayer:${player}`);
  }

  async restrict(stream: string, blocked: MediaKinds): Promise<void> {
    this.calls.push(`restrict:${stream}`);
    this.blocked.set(stream, blocked);
  }

  health(): readonly WorkerHealth[] {
    return [this.worker];
  }

  async dump(): Promise<EngineDump> {
    return { workers: [], streams: [], closed: [] };
  }

  on<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void {
    this.#handlers[event].add(handler);
  }

  off<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void {
    this.#handlers[event].delete(handler);
  }

  /** Emits an event of the engine. */
  emit<E extends keyof MediaEngineEvents>(event: E, ...args: MediaEngineEvents[E]): void {
    for (const handler of this.#handlers[event]) handler(...args);
  }

  async close(): Promise<void> {}

  #connectLater(connect: () => void): void {
    if (this.connects) setImmediate(connect);
  }
}

/** An offer with the text `no-video` or `no-audio` has no codec for that kind. */
function answerTo(offer: string, wanted: MediaKinds, answer: string): MediaAnswer {
  const refused = offer === 'no-video' ? 'video' : offer === 'no-audio' ? 'audio' : undefined;
  if (refused === undefined || !wanted[refused]) return { answer, kinds: wanted };
  return { answer, kinds: { ...wanted, [refused]: false }, unsupported: [refused] };
}

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

/** Records calls; an offer with the text `bad` is refused. */
export class FakeMediaEngine implements MediaEngine {
  /** Every call, as `publish:<stream>`, `play:<player>`, `closeStream:<stream>`, `closePlayer:<player>`, `restrict:<stream>`. */
  readonly calls: string[] = [];
  /** What each stream was restricted to last. */
  readonly blocked = new Map<string, MediaKinds>();
  /** The state of the only worker, which a test may change. */
  worker: WorkerHealth = { worker: 0, port: 7701, isReady: true };
  /** Whether what is published comes up by itself. */
  connects = true;
  /** Awaited by each `publish`, so that a test can act in between. */
  beforeAnswer: () => Promise<void> = async () => {};
  readonly #handlers: Handlers = {
    streamConnected: new Set(),
    streamLost: new Set(),
    playerLost: new Set(),
    workerDied: new Set(),
  };

  async start(): Promise<void> {}

  async publish({ stream, offer, allowed }: PublishRequest): Promise<MediaAnswer> {
    this.calls.push(`publish:${stream}`);
    await this.beforeAnswer();
    if (offer === 'bad') throw new MediaError('bad-offer', 'bad offer');
    if (this.connects) this.emit('streamConnected', stream);
    return { answer: 'answer', kinds: allowed };
  }

  async play({ player, offer }: PlayRequest): Promise<MediaAnswer> {
    this.calls.push(`play:${player}`);
    if (offer === 'bad') throw new MediaError('bad-offer', 'bad offer');
    return { answer: 'answer', kinds: { audio: true, video: true } };
  }

  async closeStream(stream: string): Promise<void> {
    this.calls.push(`closeStream:${stream}`);
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

  /** Lets the engine tell something. */
  emit<E extends keyof MediaEngineEvents>(event: E, ...args: MediaEngineEvents[E]): void {
    for (const handler of this.#handlers[event]) handler(...args);
  }

  async close(): Promise<void> {}
}

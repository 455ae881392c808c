/**
 * A worker's streams, and the calls on them.
 *
 * @module
 */

import { MediaError } from '../engine.ts';
import type { WorkerDump, WorkerMethods } from '../ipc.ts';
import { Stream } from './stream.ts';
import { TickSet } from './tick-set.ts';
import type { WorkerContext } from './worker-context.ts';

/** Tick interval for streams without incoming packets, in milliseconds; incoming packets trigger ticks more often. */
const TICK_INTERVAL_MS = 60;

/** Handles the engine's calls. Each call takes effect before its first await, so that calls take effect in order. */
export class Worker {
  readonly #context: WorkerContext;
  readonly #streams = new Map<string, Stream>();
  readonly #streamByPlayer = new Map<string, Stream>();
  /** The streams with periodic work. */
  readonly #ticking: TickSet;

  constructor(context: WorkerContext) {
    this.#context = context;
    this.#ticking = new TickSet(context.reportError);
    setInterval(() => this.#ticking.tick(context.now()), TICK_INTERVAL_MS);
  }

  async publish(params: WorkerMethods['publish']['params']): Promise<WorkerMethods['publish']['result']> {
    const existing = this.#streams.get(params.stream);
    const stream = existing ?? this.#createStream(params.stream, params.group);
    stream.restrict(params.blocked);
    const result = stream.publish(params.offer, params.allowed);
    // Registered before the answer, so that a following play finds it. A refused offer leaves no stream.
    if (!stream.isEmpty) this.#streams.set(params.stream, stream);
    return result;
  }

  async play(params: WorkerMethods['play']['params']): Promise<WorkerMethods['play']['result']> {
    let stream = this.#streams.get(params.stream);
    if (stream === undefined) {
      const { audio, video } = params.revive.shape;
      if (audio === undefined && video === undefined) {
        throw new MediaError('no-such-stream', `Stream ${params.stream} has no publisher`);
      }
      stream = this.#createStream(params.stream, params.revive.group);
      stream.restrict(params.revive.blocked);
      stream.setShape(params.revive.shape);
    }
    const result = stream.play(params.player, params.offer);
    if (!stream.hasPlayer(params.player)) return result;
    const previous = this.#streamByPlayer.get(params.player);
    if (previous !== stream) previous?.closePlayer(params.player);
    this.#streams.set(params.stream, stream);
    this.#streamByPlayer.set(params.player, stream);
    return result;
  }

  closeStream(params: WorkerMethods['closeStream']['params']): undefined {
    const stream = this.#streams.get(params.stream);
    if (stream === undefined) return;
    this.#streams.delete(params.stream);
    stream.close();
    this.#ticking.delete(stream);
    for (const [player, played] of this.#streamByPlayer) if (played === stream) this.#streamByPlayer.delete(player);
  }

  closePlayer(params: WorkerMethods['closePlayer']['params']): undefined {
    this.#streamByPlayer.get(params.player)?.closePlayer(params.player);
    this.#streamByPlayer.delete(params.player);
  }

  restrict(params: WorkerMethods['restrict']['params']): undefined {
    this.#streams.get(params.stream)?.restrict(params.blocked);
  }

  dump(): WorkerDump {
    return {
      transport: this.#context.transports.dump(),
      streams: [...this.#streams.values()].map((stream) => stream.dump()),
      closed: [...this.#context.closed.list()],
    };
  }

  #createStream(name: string, group: string): Stream {
    const stream = new Stream(name, group, this.#context, {
      handlePlayerLost: (player) => {
        if (this.#streamByPlayer.get(player.name) === stream) this.#streamByPlayer.delete(player.name);
      },
      handleWork: () => this.#ticking.add(stream),
    });
    return stream;
  }
}

/** Returns the code of an expected error; undefined for an unexpected one. */
export function findErrorCode(error: unknown): MediaError['code'] | undefined {
  return error instanceof MediaError ? error.code : undefined;
}

/**
 * The media engine over worker processes.
 *
 * @module
 */

import { EventEmitter } from 'node:events';
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
} from './engine.ts';
import type { WorkerDump, WorkerNotice } from './ipc.ts';
import type { MediaEngineOptions, MediaLogger } from './options.ts';
import type { StreamShape } from './sdp/negotiate.ts';
import { createWorkerConfigs } from './worker-configs.ts';
import { WorkerProcess } from './worker-process.ts';

const DEFAULT_CALL_TIMEOUT_MS = 5_000;
const MAX_CLOSED = 1_000;

const silentLogger: MediaLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface StreamEntry {
  readonly group: string;
  readonly worker: WorkerProcess;
  /** Set at the first publish. Survives a worker's death, so that players can reconnect before the publisher does. */
  shape: StreamShape | undefined;
  isPublished: boolean;
  /** Survives a worker's death, like the shape. */
  blocked: MediaKinds;
  readonly players: Set<string>;
}

/** Assigns groups to workers, and tracks streams and players, so that it can report their loss if a worker dies. */
export class ProcessEngine implements MediaEngine {
  readonly #options: MediaEngineOptions;
  readonly #logger: MediaLogger;
  readonly #emitter = new EventEmitter();
  readonly #streams = new Map<string, StreamEntry>();
  readonly #streamByPlayer = new Map<string, string>();
  /** By player: offers that its worker has not answered yet, and whether an earlier player of that name was lost meanwhile. */
  readonly #openOffers = new Map<string, { count: number; wasLost: boolean }>();
  #workers: readonly WorkerProcess[] = [];

  constructor(options: MediaEngineOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  async start(): Promise<void> {
    const configs = createWorkerConfigs(this.#options);
    this.#workers = configs.map((config) => {
      const worker: WorkerProcess = new WorkerProcess(config, this.#options.callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS, {
        handleNotice: (notice) => this.#handleNotice(worker, notice),
        handleDeath: (detail) => this.#handleDeath(worker, detail),
      });
      return worker;
    });
    try {
      await Promise.all(this.#workers.map((worker) => worker.start()));
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#logger.info({ ports: configs.map((config) => config.portMin) }, 'Media workers are ready');
  }

  async publish(request: PublishRequest): Promise<MediaAnswer> {
    const known = this.#streams.get(request.stream);
    if (known !== undefined && known.group !== request.group) await this.closeStream(request.stream);
    const entry = this.#streams.get(request.stream) ?? {
      group: request.group,
      worker: this.#place(request.group),
      shape: undefined,
      isPublished: false,
      blocked: { audio: false, video: false },
      players: new Set<string>(),
    };
    this.#streams.set(request.stream, entry);
    try {
      const { group, stream, offer, allowed } = request;
      const { blocked } = entry;
      const { shape, ...answer } = await entry.worker.call('publish', { group, stream, offer, allowed, blocked });
      if (this.#streams.get(stream) !== entry) {
        throw new MediaError('no-such-stream', `Stream ${stream} was closed before its offer was answered`);
      }
      entry.shape = shape;
      entry.isPublished = true;
      return answer;
    } catch (error) {
      // If the first publish of a stream fails, its entry is removed.
      if (entry.shape === undefined && this.#streams.get(request.stream) === entry)
        this.#streams.delete(request.stream);
      throw error;
    }
  }

  async play(request: PlayRequest): Promise<MediaAnswer> {
    const { stream, player, offer } = request;
    const entry = this.#streams.get(stream);
    if (entry === undefined) throw new MediaError('no-such-stream', `Stream ${stream} does not exist`);
    const previous = this.#streamByPlayer.get(player);
    if (previous !== undefined && previous !== stream) await this.closePlayer(player);
    const offers = this.#openOffers.get(player) ?? { count: 0, wasLost: false };
    offers.count += 1;
    this.#openOffers.set(player, offers);
    // Registered before the answer, so that a close that arrives earlier also closes this player (KICK-4).
    this.#streamByPlayer.set(player, stream);
    entry.players.add(player);
    const isWanted = (): boolean => this.#streamByPlayer.get(player) === stream && entry.players.has(player);
    try {
      const revive = { group: entry.group, shape: entry.shape ?? {}, blocked: entry.blocked };
      const answer = await entry.worker.call('play', { stream, player, offer, revive });
      if (!isWanted())
        throw new MediaError('no-such-stream', `Player ${player} was closed before its offer was answered`);
      offers.wasLost = false;
      return answer;
    } catch (error) {
      if ((previous !== stream || offers.wasLost) && isWanted()) this.#forgetPlayer(player);
      throw error;
    } finally {
      offers.count -= 1;
      if (offers.count === 0) this.#openOffers.delete(player);
    }
  }

  async closeStream(stream: string): Promise<void> {
    const entry = this.#streams.get(stream);
    if (entry === undefined) return;
    this.#streams.delete(stream);
    for (const player of entry.players) this.#streamByPlayer.delete(player);
    await this.#callToClose(entry.worker, () => entry.worker.call('closeStream', { stream }));
  }

  async closePlayer(player: string): Promise<void> {
    const stream = this.#streamByPlayer.get(player);
    const entry = stream === undefined ? undefined : this.#streams.get(stream);
    if (entry === undefined) return;
    this.#forgetPlayer(player);
    await this.#callToClose(entry.worker, () => entry.worker.call('closePlayer', { player }));
  }

  async restrict(stream: string, blocked: MediaKinds): Promise<void> {
    const entry = this.#streams.get(stream);
    if (entry === undefined) return;
    entry.blocked = { audio: blocked.audio, video: blocked.video };
    // A worker that hangs is killed, as for a close, because blocked media must not be forwarded any longer.
    await this.#callToClose(entry.worker, () => entry.worker.call('restrict', { stream, blocked: entry.blocked }));
  }

  health(): readonly WorkerHealth[] {
    return this.#workers.map((worker) => worker.health());
  }

  async dump(): Promise<EngineDump> {
    // A worker that dies or is starting has no streams: its streams are listed as lost.
    const empty: WorkerDump = { streams: [], closed: [] };
    const dumps = await Promise.all(this.#workers.map((worker) => worker.call('dump', undefined).catch(() => empty)));
    const streams = dumps.flatMap((dump) => dump.streams);
    const present = new Set(streams.map((stream) => stream.stream));
    return {
      workers: this.#workers.map(({ config, pid, restarts }, index) => {
        const transport = dumps[index]?.transport;
        return { worker: config.worker, pid, port: config.portMin, restarts, ...(transport && { transport }) };
      }),
      streams: streams.concat(this.#dumpAbsent(present)),
      closed: dumps
        .flatMap((dump) => dump.closed)
        .sort((a, b) => a.closedAtMs - b.closedAtMs)
        .slice(-MAX_CLOSED),
    };
  }

  on<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void {
    this.#emitter.on(event, handler as (...args: unknown[]) => void);
  }

  off<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void {
    this.#emitter.off(event, handler as (...args: unknown[]) => void);
  }

  async close(): Promise<void> {
    this.#streams.clear();
    this.#streamByPlayer.clear();
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  /** After a worker's death, its streams exist only here until the publisher or a player reconnects. */
  #dumpAbsent(present: ReadonlySet<string>): EngineDump['streams'] {
    const none = { packets: 0, bytes: 0, lost: 0, retransmitted: 0, keyframeRequests: 0, lastPacketAtMs: 0 };
    return [...this.#streams]
      .filter(([stream, entry]) => entry.shape !== undefined && !present.has(stream))
      .map(([stream, entry]) => ({
        stream,
        group: entry.group,
        worker: entry.worker.config.worker,
        state: 'lost',
        codecs: [entry.shape?.audio, entry.shape?.video].flatMap((codec) => codec?.name ?? []),
        publisher: none,
        forwardedPackets: 0,
        players: [],
      }));
  }

  /** Returns the worker of a group, or else the worker with the fewest peers. */
  #place(group: string): WorkerProcess {
    const load = new Map<WorkerProcess, number>(this.#workers.map((worker) => [worker, 0]));
    for (const entry of this.#streams.values()) {
      if (entry.group === group) return entry.worker;
      load.set(entry.worker, (load.get(entry.worker) ?? 0) + 1 + entry.players.size);
    }
    const least = [...load].sort(([, a], [, b]) => a - b)[0];
    if (least === undefined) throw new MediaError('unavailable', 'The media engine has not been started');
    return least[0];
  }

  /** Calls a worker to close media. A worker that does not answer is killed, because a close must hold (KICK-4). */
  async #callToClose(worker: WorkerProcess, call: () => Promise<undefined>): Promise<void> {
    const { pid } = worker;
    if (pid === undefined) return;
    try {
      await call();
    } catch (error) {
      if (worker.pid !== pid) return;
      this.#logger.error(
        { worker: worker.config.worker, error: String(error) },
        'Media worker killed: it did not confirm a close',
      );
      await worker.kill();
    }
  }

  #handleNotice(worker: WorkerProcess, notice: WorkerNotice): void {
    switch (notice.type) {
      case 'stream-connected':
        if (this.#streams.has(notice.stream)) this.#emit('streamConnected', notice.stream);
        return;
      case 'player-connected':
        if (this.#streamByPlayer.get(notice.player) === notice.stream) {
          this.#emit('playerConnected', notice.player, notice.stream);
        }
        return;
      case 'stream-lost': {
        const entry = this.#streams.get(notice.stream);
        if (entry === undefined) return;
        entry.isPublished = false;
        this.#emit('streamLost', notice.stream, notice.cause);
        return;
      }
      case 'player-lost': {
        if (this.#streamByPlayer.get(notice.player) !== notice.stream) return;
        // A notice before the answer to a new offer is about the earlier player of that name: the new one stays.
        const offers = this.#openOffers.get(notice.player);
        if (offers) offers.wasLost = true;
        else this.#forgetPlayer(notice.player);
        this.#emit('playerLost', notice.player, notice.stream, notice.cause);
        return;
      }
      case 'log':
        this.#logger[notice.level]({ worker: worker.config.worker, detail: notice.detail }, notice.message);
    }
  }

  #handleDeath(worker: WorkerProcess, detail: string): void {
    const { worker: index } = worker.config;
    const { problem } = worker.health();
    if (problem === undefined) this.#logger.error({ worker: index, detail }, 'A media worker died');
    else this.#logger.error({ worker: index, problem }, 'A media worker keeps dying');
    this.#emit('workerDied', index, detail);
    for (const [stream, entry] of [...this.#streams]) {
      if (entry.worker !== worker) continue;
      const players = [...entry.players];
      entry.players.clear();
      for (const player of players) this.#streamByPlayer.delete(player);
      if (entry.isPublished) {
        entry.isPublished = false;
        this.#emit('streamLost', stream, 'worker-died');
      }
      for (const player of players) this.#emit('playerLost', player, stream, 'worker-died');
    }
  }

  #forgetPlayer(player: string): void {
    const stream = this.#streamByPlayer.get(player);
    if (stream !== undefined) this.#streams.get(stream)?.players.delete(player);
    this.#streamByPlayer.delete(player);
  }

  #emit<E extends keyof MediaEngineEvents>(event: E, ...args: MediaEngineEvents[E]): void {
    try {
      this.#emitter.emit(event, ...args);
    } catch (error) {
      this.#logger.error({ event, error: String(error) }, 'Media event handler threw an error');
    }
  }
}

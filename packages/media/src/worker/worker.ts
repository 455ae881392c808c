/**
 * A worker's peers and streams, and the calls on them.
 *
 * @module
 */

import { type ItemResult, MediaError } from '../engine.ts';
import type { WorkerDump, WorkerMethods, WorkerPublishItem, WorkerSubscribeItem } from '../ipc.ts';
import { writeAnswer } from '../sdp/answer.ts';
import { type Plan, type PlannedKind, Planner, type ReceivedKind } from '../sdp/negotiate.ts';
import { type Offer, parseOffer } from '../sdp/offer.ts';
import { sumCounters } from './counters.ts';
import { Peer } from './peer.ts';
import { Stream } from './stream.ts';
import type { WorkerContext } from './worker-context.ts';

/** Tick interval for peers without incoming packets, in milliseconds; incoming packets trigger ticks more often. */
export const TICK_INTERVAL_MS = 60;

type NegotiateParams = WorkerMethods['negotiate']['params'];

/** Handles the engine's calls. Each call takes effect before its first await, so that calls take effect in order. */
export class Worker {
  readonly #context: WorkerContext;
  readonly #peers = new Map<string, Peer>();
  readonly #streams = new Map<string, Stream>();

  constructor(context: WorkerContext) {
    this.#context = context;
  }

  async negotiate(params: NegotiateParams): Promise<WorkerMethods['negotiate']['result']> {
    const offer = parseOffer(params.offer);
    const previous = this.#peers.get(params.peer);
    const peer = this.#openPeer(params, offer, previous);
    const planner = new Planner(offer);
    const publish = this.#publishAll(peer, previous, params, planner);
    const shapes = params.publish.map(({ stream }) => peer.streams.get(stream)?.shape);
    const subscribe = this.#subscribeAll(peer, params, planner);
    peer.allocator.update(this.#context.now());
    peer.negotiations += 1;
    const { negotiations } = peer;
    const sections = peer.listSections();
    const answer = writeAnswer(offer, sections, await peer.describe(), negotiations);
    return { answer, publish, subscribe, shapes };
  }

  closePeer({ peer: name, streams }: WorkerMethods['closePeer']['params']): undefined {
    const peer = this.#peers.get(name);
    this.#peers.delete(name);
    for (const stream of [...(peer?.streams.keys() ?? [])]) this.#closeStream(stream);
    peer?.close();
    this.#closeOrphans(streams);
  }

  closeStream({ stream }: WorkerMethods['closeStream']['params']): undefined {
    this.#closeStream(stream);
  }

  unsubscribe({ peer, stream }: WorkerMethods['unsubscribe']['params']): undefined {
    this.#peers.get(peer)?.unsubscribe(stream);
  }

  restrict({ stream, blocked }: WorkerMethods['restrict']['params']): undefined {
    this.#streams.get(stream)?.restrict(blocked);
  }

  preferVideo({ peer, stream, preferences }: WorkerMethods['preferVideo']['params']): undefined {
    const known = this.#peers.get(peer);
    known?.subscriptions.get(stream)?.preferVideo(preferences);
    known?.allocator.update(this.#context.now());
  }

  openPipe({ stream, pipe, to, highestLayer }: WorkerMethods['openPipe']['params']): undefined {
    this.#streams.get(stream)?.openPipe(pipe, to, highestLayer);
  }

  limitPipe({ stream, to, highestLayer }: WorkerMethods['limitPipe']['params']): undefined {
    this.#streams.get(stream)?.limitPipe(to, highestLayer);
  }

  closePipe({ stream, to }: WorkerMethods['closePipe']['params']): undefined {
    this.#streams.get(stream)?.closePipe(to);
  }

  acceptPipe(piped: WorkerMethods['acceptPipe']['params']): undefined {
    const stream = this.#streams.get(piped.stream) ?? this.#createStream(piped.stream, piped.group);
    stream.acceptPipe(piped);
  }

  dump(): WorkerDump {
    const { transports, ended, piping } = this.#context;
    const peers = [...this.#peers.values()].map((peer) => peer.dump());
    return {
      transport: transports.dump(),
      totals: {
        received: sumCounters([ended.received, ...peers.map(({ received }) => received)]),
        sent: sumCounters([ended.sent, ...peers.map(({ sent }) => sent)]),
      },
      ...(piping && { droppedPipeFrames: piping.droppedFrames }),
      probes: { ...this.#context.probing.counters },
      peers,
      streams: [...this.#streams.values()].map((stream) => stream.dump()),
      closed: [...this.#context.closed.list()],
    };
  }

  /**
   * Returns the peer of an offer: the previous one if it is the same connection, else a new one that replaces it. The streams
   * of a replaced peer stay until the offer's items are handled.
   */
  #openPeer({ peer: name, group }: NegotiateParams, offer: Offer, previous: Peer | undefined): Peer {
    if (previous?.group === group && previous.renegotiate(offer.transport)) return previous;
    const peer = new Peer(name, group, offer.transport, this.#context, (lost) => this.#losePeer(lost));
    this.#peers.set(name, peer);
    previous?.close();
    return peer;
  }

  #publishAll(peer: Peer, previous: Peer | undefined, params: NegotiateParams, planner: Planner): ItemResult[] {
    const accepted = new Set<string>();
    const results = params.publish.map((item) =>
      attempt(() => {
        if (accepted.has(item.stream)) throw new MediaError('bad-offer', `${item.stream} is listed twice`);
        const plan = planner.planPublish(item);
        accepted.add(item.stream);
        this.#publish(peer, item, plan);
        return toResult(plan);
      }),
    );
    for (const name of [...(previous?.streams.keys() ?? []), ...peer.streams.keys()]) {
      if (!accepted.has(name)) this.#closeStream(name);
    }
    this.#closeOrphans(params.published.filter((name) => !accepted.has(name)));
    peer.updateExtensions();
    return results;
  }

  #publish(peer: Peer, { stream: name, blocked }: WorkerPublishItem, plan: Plan<ReceivedKind>): void {
    if (this.#streams.get(name)?.group !== peer.group) this.#closeStream(name);
    const stream = this.#streams.get(name) ?? this.#createStream(name, peer.group);
    stream.restrict(blocked);
    stream.publish(peer, plan.kinds);
  }

  #subscribeAll(peer: Peer, params: NegotiateParams, planner: Planner): ItemResult[] {
    const accepted = new Set<string>();
    const results = params.subscribe.map((item) =>
      attempt(() => {
        if (accepted.has(item.stream)) throw new MediaError('bad-offer', `${item.stream} is listed twice`);
        const stream = this.#findStream(item, peer.group);
        const plan = planner.planSubscribe(item, stream.shape);
        accepted.add(item.stream);
        peer.subscribe(stream).negotiate(item.mids, plan.kinds, item.preferences ?? {});
        return toResult(plan);
      }),
    );
    for (const name of [...peer.subscriptions.keys()]) if (!accepted.has(name)) peer.unsubscribe(name);
    return results;
  }

  /** Finds the stream of a subscription, or recreates it after the death of the worker that had it. */
  #findStream({ stream: name, revive }: WorkerSubscribeItem, group: string): Stream {
    const stream = this.#streams.get(name);
    if (stream?.group === group) return stream;
    if (stream !== undefined || revive === undefined) {
      throw new MediaError('no-such-stream', `There is no stream ${name} in the group`);
    }
    const revived = this.#createStream(name, group);
    revived.restrict(revive.blocked);
    revived.setShape(revive.shape);
    return revived;
  }

  #createStream(name: string, group: string): Stream {
    const stream = new Stream(name, group, this.#context);
    this.#streams.set(name, stream);
    return stream;
  }

  #closeStream(name: string): void {
    const stream = this.#streams.get(name);
    if (stream === undefined) return;
    this.#streams.delete(name);
    stream.close();
  }

  /** Closes those of a peer's streams that lost it: it no longer knows them. */
  #closeOrphans(names: readonly string[]): void {
    for (const name of names) if (this.#streams.get(name)?.publisher === undefined) this.#closeStream(name);
  }

  #losePeer(peer: Peer): void {
    if (this.#peers.get(peer.name) !== peer) return;
    this.#peers.delete(peer.name);
    peer.lose();
    this.#context.notify({ type: 'peer-lost', peer: peer.name, cause: 'transport-failed' });
  }
}

/** Turns an expected error into a refused item, so that the others are not affected (CONN-2). */
function attempt(action: () => ItemResult): ItemResult {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    const { code, message, unsupported } = error;
    return { error: code, message, ...(unsupported.length > 0 && { unsupported }) };
  }
}

function toResult({ kinds, unsupported }: Plan<PlannedKind>): ItemResult {
  const negotiated = { audio: kinds.has('audio'), video: kinds.has('video') };
  return { kinds: negotiated, ...(unsupported.length > 0 && { unsupported }) };
}

/** Returns the code of an expected error; undefined for an unexpected one. */
export function findErrorCode(error: unknown): MediaError['code'] | undefined {
  return error instanceof MediaError ? error.code : undefined;
}

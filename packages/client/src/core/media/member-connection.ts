/**
 * The one peer connection of a member, for all that it publishes and plays (CONN-1).
 *
 * @module
 */

import type { NegotiateParams, NegotiateResult } from '@gavel/protocol';
import { Backoff, MEDIA_BACKOFF } from '../backoff.ts';
import { mayRetryLater, type SessionError, type SessionErrorCode, toSessionError } from '../errors.ts';
import type { Clock } from '../platform.ts';
import { offerUsedExtensions } from './header-extensions.ts';
import { CONNECT_MS, type LinkHost, type MediaLink, MIN_CONNECT_MS } from './media-link.ts';
import type { MediaPlatform } from './media-platform.ts';
import { PeerTransport } from './peer-transport.ts';
import { completeAnswer, completeOffer, type SendingHints } from './sdp.ts';
import { SECTION_TOOLS } from './section-tools.ts';

/**
 * How long after the loss of a path the reason is reported if there is none again, all attempts included. Chromium detects a
 * loss after 5.3 s, so that this is within 10 s (CONN-4).
 */
const LOST_REPORT_MS = 4_000;

/** Dependencies of a member connection. */
export interface MemberConnectionTask {
  readonly media: MediaPlatform;
  readonly clock: Clock;
  readonly random: () => number;
  /** Read for every new peer connection, and for every ICE restart. */
  readonly ice: { readonly configuration: RTCConfiguration };
  negotiate(params: NegotiateParams): Promise<NegotiateResult>;
  /** The media port was not reached; undefined: the transport is connected (CONN-4). */
  reportPath(problem: SessionError | undefined): void;
}

/**
 * Compares what is wanted with what is agreed, and makes one offer for all changes of one moment. At most one offer is in flight.
 * The peer connection is made when the session has joined, before there is anything to send, and again when it is lost.
 */
export class MemberConnection implements LinkHost {
  readonly #task: MemberConnectionTask;
  readonly #backoff: Backoff;
  readonly #links = new Set<MediaLink>();
  #isJoined = false;
  /** Why the last transport was lost. */
  #lastProblem: SessionError | undefined;
  #transport: PeerTransport | undefined;
  /** The offer in flight: the links that it lists. */
  #inFlight: ReadonlySet<MediaLink> | undefined;
  /** Whether something has changed since the latest offer was made. */
  #isChanged = false;
  #isIceRestartDue = false;
  #isScheduled = false;
  /** Sections that no link uses any longer, and that are not stopped yet. */
  #retired: RTCRtpTransceiver[] = [];
  #retryTimer: unknown;
  /** Runs while a path that was there is lost, until the loss is reported. */
  #reportTimer: unknown;

  constructor(task: MemberConnectionTask) {
    this.#task = task;
    this.#backoff = new Backoff(MEDIA_BACKOFF, task.random);
  }

  /** Makes the peer connection, or makes the offers that waited for the session. */
  handleJoined(): void {
    this.#isJoined = true;
    if (!this.#transport) this.#isChanged = true;
    this.#schedule();
  }

  /** Closes the peer connection: the server does not have it any longer. The next `handleJoined` makes a new one. */
  close(): void {
    this.#isJoined = false;
    this.#cancelReport();
    this.#drop();
  }

  /** Replaces the peer connection, which has ended at the server (MED-3). */
  replace(): void {
    this.#drop();
    if (this.#links.size > 0) this.#change();
  }

  /** Restarts ICE on the same peer connection, such as because the machine is in another network (CONN-3). */
  restartIce(): void {
    if (!this.#transport?.isConnected) return;
    this.#isIceRestartDue = true;
    this.#change();
  }

  offer(link: MediaLink): void {
    this.#links.add(link);
    this.#change();
  }

  remove(link: MediaLink): void {
    this.#links.delete(link);
    // The server may process this offer after the request that ends the stream.
    if (this.#inFlight?.has(link)) this.#change();
  }

  retire(sections: Iterable<RTCRtpTransceiver>): void {
    for (const section of sections) {
      // The section may be stopped later, but nothing is sent from now on.
      if (section.sender.track) section.sender.replaceTrack(null).catch(() => {});
      this.#retired.push(section);
    }
    if (!this.#inFlight) this.#stopRetired();
  }

  #change(): void {
    this.#isChanged = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      if (this.#isJoined && this.#isChanged && !this.#inFlight) void this.#negotiate();
    });
  }

  async #negotiate(): Promise<void> {
    this.#task.clock.clearTimeout(this.#retryTimer);
    this.#isChanged = false;
    const offered = new Set([...this.#links].filter(({ isWanted }) => isWanted));
    this.#inFlight = offered;
    let transport: PeerTransport | undefined;
    const isLate = () => this.#inFlight !== offered;
    try {
      transport = this.#transport ?? this.#open();
      const { peer } = transport;
      for (const link of offered) {
        link.prepare(peer, SECTION_TOOLS);
        for (const section of link.sections.values()) if (section.mid === null) offerUsedExtensions(section);
      }
      this.#stopRetired();
      if (this.#isIceRestartDue) transport.restartIce(this.#task.ice.configuration);
      this.#isIceRestartDue = false;
      const offer = await this.#setOffer(peer);
      if (isLate()) return;
      const params: NegotiateParams = { offer, publish: [], play: [] };
      for (const link of offered) if (link.isWanted) link.list(params);
      const result = await this.#task.negotiate(params);
      if (isLate()) return;
      const answer = completeAnswer(result.answer, hintsByMid(offered));
      await transport.handleAnswer(answer, this.#connectWithinMs(offered));
      if (isLate()) return;
      this.#inFlight = undefined;
      this.#stopRetired();
      if (transport.isConnected) this.#backoff.reset();
      this.#handleResults(offered, result, transport);
    } catch (error) {
      if (isLate()) return;
      this.#inFlight = undefined;
      this.#handleFailure(offered, toSessionError(error));
    }
    if (this.#isChanged) this.#schedule();
  }

  async #setOffer(peer: RTCPeerConnection): Promise<string> {
    const offer = await peer.createOffer();
    const sdp = completeOffer(offer.sdp ?? '');
    try {
      await peer.setLocalDescription({ type: 'offer', sdp });
    } catch {
      // A browser may refuse a changed offer.
      await peer.setLocalDescription();
    }
    return peer.localDescription?.sdp ?? '';
  }

  #handleResults(offered: ReadonlySet<MediaLink>, result: NegotiateResult, { isConnected }: PeerTransport): void {
    const find = ({ role, streamId }: MediaLink['task']) =>
      (role === 'publish' ? result.publish : result.play).find((item) => item.streamId === streamId);
    for (const link of offered) {
      const item = find(link.task);
      // A link that was given up and wanted again meanwhile is in the next offer.
      if (item && link.isWanted && link.isOffered) link.handleResult(item, isConnected);
    }
  }

  /** Handles an offer that was refused as a whole, or whose answer could not be applied. */
  #handleFailure(offered: ReadonlySet<MediaLink>, error: SessionError): void {
    if (isSessionLost(error.code)) {
      this.#isJoined = false;
      this.#isChanged = true;
    }
    const refused = [...offered].filter((link) => link.isWanted && !link.isAnswered);
    for (const link of refused) link.handleFailure(error);
    if (!this.#isJoined) return;
    if (refused.length > 0 || mayRetryLater(error.code)) this.#retryLater();
    else this.#handleLost(error);
  }

  /** Time for the transport to connect: a link that was never connected fails when its own time is over. */
  #connectWithinMs(offered: ReadonlySet<MediaLink>): number {
    const nowMs = this.#task.clock.now();
    const times = [...offered].map(({ connectByMs = nowMs + CONNECT_MS }) => connectByMs - nowMs);
    return Math.max(MIN_CONNECT_MS, Math.min(CONNECT_MS, ...times));
  }

  #open(): PeerTransport {
    const { media, clock, ice, reportPath } = this.#task;
    const transport: PeerTransport = new PeerTransport({
      media,
      clock,
      configuration: ice.configuration,
      connected: () => {
        this.#isIceRestartDue = false;
        this.#backoff.reset();
        this.#cancelReport();
        reportPath(undefined);
        for (const link of [...this.#links]) link.handleConnected();
      },
      disconnected: () => this.#expectReport(),
      interrupted: () => this.restartIce(),
      lost: (error) => {
        // A lost transport may have a path: the next attempt shows it. Without streams, nobody misses one.
        if (!transport.isConnected && this.#links.size > 0) reportPath(error);
        this.#handleLost(error);
      },
    });
    this.#transport = transport;
    return transport;
  }

  /** Reports the loss of a path, unless there is one again in time. */
  #expectReport(): void {
    this.#reportTimer ??= this.#task.clock.setTimeout(() => {
      this.#reportTimer = undefined;
      const problem = this.#transport?.explain() ?? this.#lastProblem;
      if (this.#isJoined && this.#links.size > 0 && problem) this.#task.reportPath(problem);
    }, LOST_REPORT_MS);
  }

  #cancelReport(): void {
    this.#task.clock.clearTimeout(this.#reportTimer);
    this.#reportTimer = undefined;
  }

  /** The peer connection is replaced after a delay, if there is a stream for it. */
  #handleLost(error: SessionError): void {
    this.#lastProblem = error;
    this.#drop();
    const delayMs = this.#backoff.next();
    const nextAtMs = this.#task.clock.now() + delayMs;
    for (const link of [...this.#links]) link.handleLost(error, nextAtMs);
    this.#isChanged = false;
    if (this.#links.size > 0) this.#retryLater(delayMs);
  }

  #retryLater(delayMs = this.#backoff.next()): void {
    this.#task.clock.clearTimeout(this.#retryTimer);
    this.#isChanged = false;
    this.#retryTimer = this.#task.clock.setTimeout(() => this.#change(), delayMs);
  }

  #drop(): void {
    this.#task.clock.clearTimeout(this.#retryTimer);
    this.#inFlight = undefined;
    this.#isIceRestartDue = false;
    this.#retired = [];
    const transport = this.#transport;
    this.#transport = undefined;
    if (!transport) return;
    transport.close();
    for (const link of [...this.#links]) link.handleClosed();
  }

  #stopRetired(): void {
    const retired = this.#retired;
    this.#retired = [];
    for (const section of retired) section.stop();
  }
}

function hintsByMid(links: ReadonlySet<MediaLink>): Map<string, SendingHints> {
  const hints = new Map<string, SendingHints>();
  for (const { sections, task } of links) {
    const hint = task.sending?.();
    for (const { mid } of sections.values()) if (hint && mid !== null) hints.set(mid, hint);
  }
  return hints;
}

/** Whether requests fail until the session has joined again. */
function isSessionLost(code: SessionErrorCode): boolean {
  return code === 'client.disconnected' || code === 'client.not-joined';
}

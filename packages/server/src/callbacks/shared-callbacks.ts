/**
 * Callbacks in a cluster: one node has the duty to send those of an App, also those that other nodes have stored (CLUS-7). When
 * it dies, another node claims the duty and sends what is left in the store.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { type AppId, GavelError } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { Duties } from '../cluster/duties.ts';
import type { NodeId } from '../cluster/node-link.ts';
import type { Peers } from '../cluster/peers.ts';
import { defineTopic } from '../cluster/topic.ts';
import type { OutboxRecord, OutboxRepository } from '../store/outbox.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Dispatcher } from './dispatcher.ts';

/** Interval at which a node compares its duties with what is to be sent. */
const CHECK_MS = 1000;
/** At every such check, a node also searches the store for callbacks of Apps that nobody has announced. */
const CHECKS_PER_SEARCH = 10;

/** News of an App's callbacks that another node has stored. */
interface Offer {
  readonly appId: AppId;
  readonly records: readonly OutboxRecord[];
  /** Whether an earlier offer of the same node may be lost: the store has more. */
  readonly isIncomplete: boolean;
  /**
   * The period in which the receiver of the node's offer before this one sent; empty if there was none. In another period the
   * records may be sent already: an earlier sender has read them from the store.
   */
  readonly after: string;
}

/** The answer is the period of the receiver. */
const OFFER = defineTopic<Offer, string>('callbacks.offer', ({ appId }) => `callbacks ${appId}`);

/** Dependencies of `SharedCallbacks`. */
export interface SharedCallbacksDeps {
  readonly peers: Pick<Peers, 'self' | 'serve' | 'ask' | 'onNodesChanged'>;
  readonly duties: Duties;
  readonly dispatcher: Pick<Dispatcher, 'offer' | 'load' | 'drop' | 'resume'>;
  readonly repository: Pick<OutboxRepository, 'endpoints'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
}

/** An App whose callbacks this node sends, or is about to. */
interface Sender {
  state: 'claiming' | 'loading' | 'sending' | 'leaving';
  /** Whether the store has to be read once more: something was offered while it was `loading`. */
  hasMore: boolean;
  /** Names the time in which this node has the duty without a gap, and knows what it has sent. */
  period: string;
  /** The attempt to get the duty that is under way. */
  claim: Promise<string | undefined> | undefined;
}

/** Callbacks of an App that are on their way to the node that sends them: one message at a time, so that none overtakes another. */
interface Announcer {
  records: OutboxRecord[];
  isIncomplete: boolean;
}

const dutyOf = (appId: AppId): string => `callbacks ${appId}`;

/**
 * Brings callbacks to the node that sends those of their App, and sends those that are this node's duty.
 *
 * A node accepts callbacks only while it has the duty: who has it next reads the store after that, so nobody has to remember them.
 * What is not accepted stays with the node that has stored it, which offers it again.
 */
export class SharedCallbacks {
  readonly #deps: SharedCallbacksDeps;
  readonly #senders = new Map<AppId, Sender>();
  readonly #announcers = new Map<AppId, Announcer>();
  /** By App: the period in which the last offer of this node was accepted. */
  readonly #acceptedIn = new Map<AppId, string>();
  #ends: (() => void)[] = [];
  #checks = 0;
  #searching: Promise<void> | undefined;
  #isClosed = false;

  constructor(deps: SharedCallbacksDeps) {
    this.#deps = deps;
    deps.peers.serve(OFFER, (offer) => this.#receive(offer));
  }

  /** Whether this node may send callbacks of an App now. */
  maySend(appId: AppId): boolean {
    return this.#deps.duties.has(dutyOf(appId));
  }

  /** How long from now this node may begin to send callbacks of an App, in milliseconds; 0 or less if it may not. */
  sendableMs(appId: AppId): number {
    return this.maySend(appId) ? this.#deps.duties.remainingMs : 0;
  }

  /** Begins to compare duties with what is to be sent. */
  start(): void {
    const { clock, peers } = this.#deps;
    const searchLater = (): void => void setImmediate(() => this.#searchUnlessRunning());
    this.#ends = [clock.every(CHECK_MS, () => this.#check()), peers.onNodesChanged(searchLater)];
    this.#searchUnlessRunning();
  }

  /** Accepts callbacks that this node has stored, in the order of `seq`. */
  offer(records: readonly OutboxRecord[]): void {
    for (const [appId, ofApp] of Map.groupBy(records, (record) => record.appId)) this.#pass(appId, ofApp, false);
  }

  /** Has callbacks of an App sent that another node has stored, but may not have announced, before those that are offered later. */
  offerLeft(appId: AppId): void {
    this.#pass(appId, [], true);
  }

  /** Gives up the duties, when the dispatcher has been closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const end of this.#ends) end();
    const appIds = [...this.#senders.keys()];
    this.#senders.clear();
    await Promise.all(appIds.map((appId) => this.#release(appId)));
  }

  #pass(appId: AppId, records: readonly OutboxRecord[], isIncomplete: boolean): void {
    const mayBeHere = this.#isSentHere(appId) && !this.#announcers.has(appId);
    const offer = { appId, records, isIncomplete, after: this.#acceptedIn.get(appId) ?? '' };
    const period = mayBeHere ? this.#accept(offer) : undefined;
    if (period === undefined) this.#announce(appId, records, isIncomplete);
    else this.#acceptedIn.set(appId, period);
  }

  #isSentHere(appId: AppId): boolean {
    const { duties, peers } = this.#deps;
    return duties.nodeFor(dutyOf(appId)) === peers.self;
  }

  /** @throws GavelError `server.node-unavailable` if this node does not send the callbacks of the App */
  async #receive(offer: Offer): Promise<string> {
    const period = this.#accept(offer);
    if (period !== undefined) return period;
    const { appId } = offer;
    const isClaimable = (this.#senders.get(appId)?.state ?? 'claiming') === 'claiming' && !this.#isClosed;
    // What is offered is read from the store when this node has the duty.
    const claimed = isClaimable ? await this.#claim(appId) : undefined;
    if (claimed !== undefined) return claimed;
    throw new GavelError('server.node-unavailable', 'The callbacks of the App are sent by another node.');
  }

  /** Returns the period in which this node sends the callbacks; undefined if it does not. */
  #accept({ appId, records, isIncomplete, after }: Offer): string | undefined {
    const sender = this.#senders.get(appId);
    if (this.#isClosed || !sender || !this.maySend(appId)) return undefined;
    if (sender.state === 'loading') sender.hasMore = true;
    else if (sender.state !== 'sending') return undefined;
    else if (isIncomplete || after !== sender.period) void this.#load(appId, sender);
    else this.#deps.dispatcher.offer(records);
    return sender.period;
  }

  #announce(appId: AppId, records: readonly OutboxRecord[], isIncomplete: boolean): void {
    const known = this.#announcers.get(appId);
    if (known) {
      known.isIncomplete ||= isIncomplete;
      if (!known.isIncomplete) known.records.push(...records);
      return;
    }
    const announcer = { records: [...records], isIncomplete };
    this.#announcers.set(appId, announcer);
    void this.#runAnnouncer(appId, announcer);
  }

  /** Sends what has gathered, one message after another. After a failure the receiver is asked to read the store. */
  async #runAnnouncer(appId: AppId, announcer: Announcer): Promise<void> {
    const { peers, duties, clock } = this.#deps;
    while (!this.#isClosed && (announcer.records.length > 0 || announcer.isIncomplete)) {
      const { records, isIncomplete } = announcer;
      announcer.records = [];
      announcer.isIncomplete = false;
      const node: NodeId = duties.nodeFor(dutyOf(appId));
      try {
        // Without an earlier offer, the receiver reads the store: an earlier process of this node may have announced nothing.
        const after = this.#acceptedIn.get(appId) ?? '';
        const offer = { appId, records: isIncomplete ? [] : records, isIncomplete, after };
        this.#acceptedIn.set(appId, await peers.ask(node, OFFER, offer));
      } catch (error) {
        this.#warn(error, node);
        announcer.records = [];
        announcer.isIncomplete = true;
        await new Promise<void>((resolve) => clock.after(CHECK_MS, resolve));
      }
    }
    this.#announcers.delete(appId);
  }

  #check(): void {
    const { duties, peers, dispatcher } = this.#deps;
    for (const [appId, sender] of this.#senders) {
      const { state } = sender;
      const isPreferred = duties.nodeFor(dutyOf(appId)) === peers.self;
      if (state === 'claiming') {
        if (isPreferred) void this.#claim(appId);
        else void this.#giveUp(appId, sender);
      } else if (state === 'sending' && !(isPreferred && this.maySend(appId))) void this.#giveUp(appId, sender);
    }
    dispatcher.resume();
    this.#checks += 1;
    if (this.#checks % CHECKS_PER_SEARCH === 0) this.#searchUnlessRunning();
  }

  #searchUnlessRunning(): void {
    this.#searching ??= this.#search()
      .catch((error: unknown) => this.#warn(error))
      .finally(() => {
        this.#searching = undefined;
      });
  }

  /** Claims the duty for every App with callbacks in the store that are to be sent here. */
  async #search(): Promise<void> {
    const { repository, duties, peers } = this.#deps;
    const appIds = new Set((await repository.endpoints()).map(({ appId }) => appId));
    for (const appId of appIds) {
      const isHere = duties.nodeFor(dutyOf(appId)) === peers.self;
      if (isHere && !this.#isClosed && !this.#senders.has(appId)) void this.#claim(appId);
    }
  }

  /** Gets the duty, and reads the store then. Resolves with the period of this node; undefined if it does not send the callbacks. */
  #claim(appId: AppId): Promise<string | undefined> {
    const sender: Sender = this.#senders.get(appId) ?? {
      state: 'claiming',
      hasMore: false,
      period: randomUUID(),
      claim: undefined,
    };
    this.#senders.set(appId, sender);
    sender.claim ??= this.#tryClaim(appId, sender).finally(() => {
      sender.claim = undefined;
    });
    return sender.claim;
  }

  async #tryClaim(appId: AppId, sender: Sender): Promise<string | undefined> {
    try {
      // Another node may have sent meanwhile what this one still has in memory.
      if (!this.maySend(appId)) await this.#drop(appId, sender);
      const isClaimed = await this.#deps.duties.claim(dutyOf(appId));
      if (!isClaimed || sender.state !== 'claiming' || this.#senders.get(appId) !== sender) return undefined;
      return await this.#load(appId, sender);
    } catch (error) {
      this.#warn(error);
      return undefined;
    }
  }

  /** Loads what is in the store. What is offered meanwhile is loaded too. Resolves with the period; undefined after a failure. */
  async #load(appId: AppId, sender: Sender): Promise<string | undefined> {
    sender.state = 'loading';
    try {
      do {
        sender.hasMore = false;
        await this.#deps.dispatcher.load(appId);
      } while (sender.hasMore);
      sender.state = 'sending';
      return sender.period;
    } catch (error) {
      this.#warn(error);
      sender.state = 'claiming';
      return undefined;
    }
  }

  async #giveUp(appId: AppId, sender: Sender): Promise<void> {
    sender.state = 'leaving';
    // A claim that succeeds now is released too.
    await sender.claim;
    await this.#drop(appId, sender);
    if (await this.#release(appId)) this.#senders.delete(appId);
    // It still has the duty: the next check tries again.
    else sender.state = 'claiming';
  }

  /** Ends the attempts, and forgets what was sent. */
  async #drop(appId: AppId, sender: Sender): Promise<void> {
    await this.#deps.dispatcher.drop(appId);
    sender.period = randomUUID();
  }

  /** Returns whether this node does not have the duty then. */
  async #release(appId: AppId): Promise<boolean> {
    try {
      await this.#deps.duties.release(dutyOf(appId));
      return true;
    } catch (error) {
      this.#warn(error);
      return false;
    }
  }

  #warn(error: unknown, node?: NodeId): void {
    const fields = { err: error, ...(node !== undefined && { node }) };
    this.#deps.log.warn(fields, 'callbacks wait for the node that sends them');
  }
}

/**
 * Records the history of sessions: follows the rooms of meetings, and stores their participants and ends (RTK-11).
 *
 * A session is one active period of a meeting. It survives its Room for the meeting's keep-alive time: a participant who
 * joins within that time continues the session, in a new Room.
 *
 * @module
 */

import { type Epoch, GavelError, isGavelError, type RoomKey } from '@gavel/protocol';
import type { Clock } from '../../base/clock.ts';
import { KeyedQueue } from '../../base/keyed-queue.ts';
import type { RowRecorder } from '../../journal/batch-journal.ts';
import type { EventBatch, EventSink } from '../../owner/rooms.ts';
import { eventsOf, type RoomEvent } from '../../rooms/events.ts';
import { type JournalRows, mergeRows, type OwnedRoom } from '../../store/journal.ts';
import type { NewOutboxRecord } from '../../store/outbox.ts';
import type { OpenSession, SessionChange, SessionEnd, SessionPeerRecord } from '../../store/sessions.ts';
import type { MeetingRecord, Store } from '../../store/store.ts';
import { ChatRecorder, isPublicChat } from '../chat/chat-recorder.ts';
import { keepAliveMsOf, type MeetingSettings } from '../meeting-schema.ts';
import { UUID } from '../route.ts';
import { roomOf } from '../session.ts';
import { sessionIdOf } from '../session-id.ts';
import type { LiveSession, SessionNews } from './session-news.ts';

/** The dependencies of the recorder. */
export interface SessionRecorderDeps {
  readonly store: Pick<Store, 'sessions' | 'chat' | 'meetings' | 'presets'>;
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
  /** Returns the webhook deliveries of news. */
  readonly deliveriesOf: (session: LiveSession, news: readonly SessionNews[]) => readonly NewOutboxRecord[];
  /** Stores rows in one transaction, and sends their callbacks then. */
  readonly append: (rows: JournalRows) => Promise<void>;
  /** In a cluster with a common database: returns the room with the term in which this node owns it, for the rows (CLUS-2). */
  readonly ownedOf?: (key: RoomKey) => Pick<JournalRows, 'owned'>;
}

/** Interval of the checkpoints of active sessions. After a crash, a session's recorded end is at most this much early. */
const CHECKPOINT_MS = 10_000;
/** Delay before a retry after the store has failed. */
const RETRY_MS = 10_000;

interface Live {
  readonly session: LiveSession;
  readonly peers: Map<string, SessionPeerRecord>;
  /** Cancels the delayed end; set while the session is empty. */
  cancelEnd: (() => void) | undefined;
}

/** The changes of the history that one batch makes. */
interface Step {
  readonly live: Live;
  /** The peers that are present after it. */
  readonly peers: ReadonlyMap<string, SessionPeerRecord>;
  readonly changes: readonly SessionChange[];
  readonly news: readonly SessionNews[];
  readonly meeting: MeetingRecord;
  readonly isEnded: boolean;
}

/** Records the history for the journal: clients receive the events after it is stored. As a sink, it records the chat. */
export class SessionRecorder implements RowRecorder, EventSink {
  readonly #deps: SessionRecorderDeps;
  /** By meeting id. */
  readonly #live = new Map<string, Live>();
  /** The work in progress, by meeting id. */
  readonly #work = new KeyedQueue();
  readonly #chat: ChatRecorder;
  #stopCheckpoints: (() => void) | undefined;
  #checkpointing: Promise<void> | undefined;

  constructor(deps: SessionRecorderDeps) {
    this.#deps = deps;
    this.#chat = new ChatRecorder(deps);
  }

  /** Begins the checkpoints. */
  start(): void {
    this.#stopCheckpoints = this.#deps.clock.every(CHECKPOINT_MS, () => {
      this.#checkpointing ??= this.#checkpoint();
    });
  }

  /**
   * Ends a session that a stop or a crash left open, at the time of its last checkpoint. No event of it may arrive before it
   * resolves.
   *
   * @param owned in a cluster, the room and the term in which this node owns it
   */
  async endLeft({ session, peers, seenAtMs: atMs }: OpenSession, owned?: OwnedRoom): Promise<void> {
    const gone = peers.map((peer) => ({ ...peer, leftAtMs: Math.max(atMs, peer.joinedAtMs) }));
    const changes: SessionChange[] = gone.map((peer) => leaveOf(peer, peer.leftAtMs));
    const news: SessionNews[] = gone.map((peer) => ({ event: 'left', peer }));
    await this.#addEnd(session, atMs, 'lost', changes, news);
    await this.#store(session, news, changes, owned && { owned });
  }

  /** Goes on with the session of a room that another node owned, if it has one. */
  async adopt(key: RoomKey): Promise<void> {
    if (!isOfMeeting(key)) return;
    const meeting = await this.#deps.store.meetings.find(key.appId, key.roomId);
    if (meeting) await this.#work.run(key.roomId, async () => void (await this.#adopt(meeting)));
  }

  /**
   * Returns the sessions without an end that no live node goes on with. One without participants is not among them during its
   * keep-alive time: a login at any node continues it.
   */
  async findLeft(liveNodes: readonly string[]): Promise<readonly OpenSession[]> {
    const { store, clock } = this.#deps;
    const left: OpenSession[] = [];
    for (const open of await store.sessions.open(liveNodes)) {
      const { appId, meetingId } = open.session;
      const meeting = open.peers.length > 0 ? undefined : await store.meetings.find(appId, meetingId);
      if (!meeting || open.seenAtMs + keepAliveMsOf(meeting) <= clock.now()) left.push(open);
    }
    return left;
  }

  /** Returns the room of a stored session. */
  roomOf({ session }: OpenSession): RoomKey {
    return roomOf(session.appId, session.meetingId);
  }

  /** Records the session of a room no more: another node goes on with it. */
  forget({ roomId }: RoomKey): void {
    this.#live.get(roomId)?.cancelEnd?.();
    this.#live.delete(roomId);
  }

  /** Stops, and stores a last checkpoint. */
  async close(): Promise<void> {
    this.#stopCheckpoints?.();
    for (const { cancelEnd } of this.#live.values()) cancelEnd?.();
    await this.#work.settled();
    await this.#chat.flush();
    await this.#checkpointing;
    await this.#checkpoint();
  }

  /** Finds the session of a meeting that is active or may still be continued. @throws the store's error */
  async find({ appId, roomId }: RoomKey): Promise<LiveSession | undefined> {
    const own = this.#live.get(roomId)?.session;
    if (own || !UUID.test(roomId)) return own;
    // The room may be at another node, which has stored the session before its first member was answered.
    const { store, clock } = this.#deps;
    const stored = await store.sessions.findLive(appId, roomId, clock.now());
    return stored && { id: stored.id, appId, meetingId: roomId, title: stored.title, startedAtMs: stored.startedAtMs };
  }

  follows({ key, events }: EventBatch): boolean {
    if (!isOfMeeting(key)) return false;
    return events.some(isOfInterest) || this.#work.has(key.roomId);
  }

  record(batch: EventBatch, others: JournalRows): Promise<void> {
    const { roomId } = batch.key;
    return this.#work
      .run(roomId, () => this.#follow(batch, others))
      .catch((error: unknown) => {
        this.#deps.log.error({ err: error, meetingId: roomId }, 'writing session history failed');
        if (isGavelError(error)) throw error;
        throw new GavelError('server.internal', 'The server could not save the history of this session.');
      });
  }

  /** Records chat events; no request waits for this. */
  handle({ key, events }: EventBatch): void {
    if (!events.some(isPublicChat)) return;
    const record = (): void => {
      const sessionId = this.#live.get(key.roomId)?.session.id;
      if (sessionId !== undefined) this.#chat.add(sessionId, events);
    };
    // A pending piece of work may be creating the session that these events belong to.
    if (this.#work.has(key.roomId)) void this.#work.run(key.roomId, async () => record());
    else record();
  }

  /** Stores what a batch changes in the history, and other rows. The others are stored even if the history cannot be read. */
  async #follow(batch: EventBatch, others: JournalRows): Promise<void> {
    let step: Step | undefined;
    try {
      step = batch.events.some(isOfInterest) ? await this.#prepare(batch) : undefined;
    } catch (error) {
      await this.#append(others);
      throw error;
    }
    if (!step) return this.#append(others);
    const { live, peers, changes, news, meeting, isEnded } = step;
    await this.#store(live.session, news, changes, others);

    live.peers.clear();
    for (const [id, peer] of peers) live.peers.set(id, peer);
    live.cancelEnd?.();
    live.cancelEnd = undefined;
    const { meetingId } = live.session;
    if (isEnded) this.#live.delete(meetingId);
    else {
      this.#live.set(meetingId, live);
      if (peers.size === 0) this.#endLater(live, keepAliveMsOf(meeting));
    }
  }

  /** Returns what a batch changes in the history; undefined if it belongs to no session. */
  async #prepare({ key, epoch, events }: EventBatch): Promise<Step | undefined> {
    const meeting = await this.#deps.store.meetings.find(key.appId, key.roomId);
    const own = this.#live.get(key.roomId);
    // In a cluster, another node may have begun it.
    const known = own ?? (meeting && this.#deps.ownedOf ? await this.#adopt(meeting) : undefined);
    // The room does not belong to a meeting, or the start of its session could not be stored.
    if (!meeting || (!known && eventsOf(events, 'memberJoined').length === 0)) return undefined;
    const live = known ?? begin(meeting, epoch, events);
    const changes: SessionChange[] = known ? [] : [{ type: 'begin', session: live.session }];
    const news: SessionNews[] = known ? [] : [{ event: 'started' }];
    const peers = new Map(live.peers);
    const leave = (peer: SessionPeerRecord, atMs: number): void => {
      peers.delete(peer.id);
      changes.push(leaveOf(peer, atMs));
      news.push({ event: 'left', peer: { ...peer, leftAtMs: atMs } });
    };
    for (const event of events) {
      if (event.type === 'roomCreated') {
        // A new room is empty: for peers that are still recorded, the departure could not be stored.
        for (const peer of [...peers.values()]) leave(peer, event.atMs);
      } else if (event.type === 'memberJoined') {
        const peer = await this.#peerOf(live.session, event);
        peers.set(peer.id, peer);
        changes.push({ type: 'join', peer });
        news.push({ event: 'joined', peer });
      } else if (event.type === 'memberLeft') {
        const peer = peers.get(event.member.memberId);
        if (peer) leave(peer, event.atMs);
      }
    }
    const closed = events.find(({ type }) => type === 'roomClosed' || type === 'sessionClosed');
    const isEnded =
      closed?.type === 'sessionClosed' || (closed?.type === 'roomClosed' && closed.cause === 'room-closed');
    if (isEnded) {
      // Peers may still be recorded because their departure could not be stored.
      for (const peer of [...peers.values()]) leave(peer, closed.atMs);
      await this.#addEnd(live.session, closed.atMs, 'closed', changes, news);
    }
    return { live, peers, changes, news, meeting, isEnded };
  }

  #store(
    session: LiveSession,
    news: readonly SessionNews[],
    sessions: readonly SessionChange[],
    others: JournalRows = {},
  ): Promise<void> {
    return this.#deps.append(mergeRows(others, { sessions, callbacks: this.#deps.deliveriesOf(session, news) }));
  }

  async #append(rows: JournalRows): Promise<void> {
    if (Object.values(rows).some((each) => Array.isArray(each) && each.length > 0)) await this.#deps.append(rows);
  }

  #endLater(live: Live, delayMs: number): void {
    const { meetingId } = live.session;
    live.cancelEnd = this.#deps.clock.after(delayMs, () => {
      this.#work
        .run(meetingId, () => this.#endEmpty(live))
        .catch((error: unknown) => {
          this.#deps.log.error({ err: error, meetingId }, 'writing the end of a session failed; retrying');
          this.#endLater(live, RETRY_MS);
        });
    });
  }

  /** Continues the session that another node has stored, and has not ended. */
  async #adopt(meeting: MeetingRecord): Promise<Live | undefined> {
    const { store, clock } = this.#deps;
    const { id: meetingId, appId } = meeting;
    const open = await store.sessions.adopt(appId, meetingId);
    if (!open) return undefined;
    const { id, title, startedAtMs } = open.session;
    const peers = new Map(open.peers.map((peer) => [peer.id, peer]));
    const live: Live = { session: { id, appId, meetingId, title, startedAtMs }, peers, cancelEnd: undefined };
    this.#live.set(meetingId, live);
    const leftMs = Math.max(0, open.seenAtMs + keepAliveMsOf(meeting) - clock.now());
    if (peers.size === 0) this.#endLater(live, leftMs);
    return live;
  }

  async #endEmpty(live: Live): Promise<void> {
    const { meetingId } = live.session;
    // A participant may have joined while this work was queued.
    if (live.peers.size > 0 || this.#live.get(meetingId) !== live) return;
    const changes: SessionChange[] = [];
    const news: SessionNews[] = [];
    await this.#addEnd(live.session, this.#deps.clock.now(), 'empty', changes, news);
    const key = roomOf(live.session.appId, meetingId);
    await this.#store(live.session, news, changes, this.#deps.ownedOf?.(key));
    this.#live.delete(meetingId);
  }

  /** Adds the end of a session to the changes and news; writes its chat before. */
  async #addEnd(
    { id: sessionId, appId, meetingId }: LiveSession,
    atMs: number,
    reason: SessionEnd,
    changes: SessionChange[],
    news: SessionNews[],
  ): Promise<void> {
    const { store } = this.#deps;
    await this.#chat.flush();
    news.push({ event: 'ended', atMs, reason });
    if (!(await store.chat.has(sessionId))) {
      changes.push({ type: 'end', sessionId, atMs, reason });
      return;
    }
    const meeting = await store.meetings.find(appId, meetingId);
    const isLasting = (meeting?.settings as MeetingSettings | undefined)?.persist_chat === true;
    changes.push({ type: 'end', sessionId, atMs, reason, chat: isLasting ? 'lasting' : 'temporary' });
    news.push({ event: 'chatReady', endedAtMs: atMs });
  }

  async #peerOf(
    session: LiveSession,
    { member, atMs }: Extract<RoomEvent, { type: 'memberJoined' }>,
  ): Promise<SessionPeerRecord> {
    const { user, profile } = member;
    const presetName = textOf(profile?.presetName) ?? '';
    const preset = presetName === '' ? undefined : await this.#deps.store.presets.findByName(session.appId, presetName);
    const config = preset?.definition.config as { readonly view_type?: string } | undefined;
    return {
      id: member.memberId,
      sessionId: session.id,
      userId: user.id,
      // Users of other doors have only a user id.
      customId: textOf(profile?.customParticipantId) ?? user.id,
      name: user.name,
      presetName,
      viewType: config?.view_type ?? null,
      joinedAtMs: atMs,
    };
  }

  async #checkpoint(): Promise<void> {
    try {
      if (this.#live.size > 0) await this.#deps.store.sessions.checkpoint(this.#deps.clock.now());
    } catch (error) {
      this.#deps.log.error({ err: error }, 'session checkpoint failed');
    }
    this.#checkpointing = undefined;
  }
}

const isOfInterest = ({ type }: RoomEvent): boolean =>
  type === 'memberJoined' || type === 'memberLeft' || type === 'roomClosed' || type === 'sessionClosed';

const isOfMeeting = ({ environment, roomId }: RoomKey): boolean => environment === 'production' && UUID.test(roomId);

const textOf = (fact: unknown): string | undefined => (typeof fact === 'string' ? fact : undefined);

const leaveOf = ({ id, sessionId }: SessionPeerRecord, atMs: number): SessionChange => ({
  type: 'leave',
  sessionId,
  peerId: id,
  atMs,
});

function begin({ id, appId, title }: MeetingRecord, epoch: Epoch, events: readonly RoomEvent[]): Live {
  const startedAtMs = events[0]?.atMs ?? 0;
  const session = { id: sessionIdOf(epoch, id), appId, meetingId: id, title: title ?? '', startedAtMs };
  return { session, peers: new Map(), cancelEnd: undefined };
}

/**
 * Rooms: the single entry point. All doors send their commands to `execute`, which delivers the events to the sinks.
 *
 * `execute` is asynchronous although a local room does not wait: a cluster could route commands behind this interface.
 *
 * @module
 */

import {
  type Epoch,
  GavelError,
  isGavelError,
  type MemberId,
  type RoomKey,
  roomKeyText,
  type UserId,
} from '@gavel/protocol';
import type { Claims } from '../claims/claims.ts';
import type { LoginHolder } from '../claims/login-claims.ts';
import { MemoryClaims } from '../claims/memory-claims.ts';
import type { CallTerms, CommandOf, LoginCommand, Origin, RoomCommand } from '../rooms/commands.ts';
import { EndedTickets } from '../rooms/ended-tickets.ts';
import { type AdmissionAnswer, eventsOf, type RoomEvent } from '../rooms/events.ts';
import type { CommandFacts } from '../rooms/facts.ts';
import { Directory } from './directory.ts';
import { EventFeed, type EventSinks } from './event-feed.ts';
import { OwnedClaims } from './owned-claims.ts';

export type { Session } from '../rooms/views.ts';
export type { EventBatch, EventSink, EventSinks } from './event-feed.ts';

import { SlidingWindows } from '../base/sliding-windows.ts';
import { toWireError } from '../base/wire-error.ts';
import { type Member, type MemberInfo, mayLetIn } from '../rooms/member.ts';
import type { KickReply, LoginReply, ReplyOf, ResumeReply } from '../rooms/replies.ts';
import type { Room } from '../rooms/room.ts';
import type { BanningCall } from '../rooms/room-policy.ts';
import type { Waiting } from '../rooms/waiting.ts';
import type { WaitingLogin } from '../rooms/waiting-room.ts';
import { carriesBan, KickBans, type KickCall } from './kick-bans.ts';
import { OwnedRoom } from './owned-room.ts';
import { People } from './people.ts';
import { type AnswerOf, type Query, Reader, type SubjectOf } from './queries.ts';
import { RefusedLogins } from './refused-logins.ts';
import { Returns } from './returns.ts';
import { withEnvironmentCap } from './room-limits.ts';
import { RoomTransfer } from './room-transfer.ts';
import type { RoomsSettings } from './rooms-settings.ts';
import { StreamHistory } from './stream-history.ts';

type AnyReply = ReplyOf<RoomCommand>;

/** A command that needs a stream id. */
type PublishCommand = CommandOf<'reserveStream' | 'addStream'>;

const isPublish = (command: RoomCommand): command is PublishCommand =>
  command.type === 'reserveStream' || command.type === 'addStream';

/** The origin of the removal of a member whose login was refused. */
const REFUSAL_ORIGIN: Origin = { channel: 'server', requestId: 'refused-login' };

/** The result of a change of a room, before its events are delivered. */
interface Change {
  readonly key: RoomKey;
  readonly command: RoomCommand;
  readonly events: readonly RoomEvent[];
  readonly reply: AnyReply;
}

/** All rooms of this server. */
export class Rooms {
  readonly #settings: RoomsSettings;
  readonly #feed: EventFeed;
  /** By room; only those that have something to store. */
  readonly #owned = new Map<string, OwnedRoom>();
  readonly #directory = new Directory();
  readonly #tickets: EndedTickets;
  readonly #returns: Returns;
  readonly #history = new StreamHistory();
  readonly #claims: Claims;
  readonly #ownedClaims: OwnedClaims;
  readonly #logins = new SlidingWindows(1000);
  readonly #reader: Reader;
  readonly #kickBans: KickBans;
  readonly #refused: RefusedLogins;
  /** Moves rooms to and from other owners. */
  readonly transfer: RoomTransfer;
  #stopSweep: (() => void) | undefined;

  constructor(settings: RoomsSettings, sinks: EventSinks) {
    this.#settings = settings;
    const { claims = new MemoryClaims(), maxStreamsPerApp, report = () => undefined } = settings;
    this.#claims = claims;
    const mayDecide = (key: RoomKey): boolean => settings.mayDecide?.(key) !== false;
    this.#ownedClaims = new OwnedClaims({
      claims,
      maxStreamsPerApp,
      mayDecide,
      report,
      clock: settings.clock,
      hasStream: (key, streamId) => this.#find(key)?.hasStream(streamId) ?? false,
      hasRoom: (key) => this.#find(key) !== undefined,
    });
    this.#tickets = settings.tickets ?? new EndedTickets({ issuer: settings.ids.nextTicket() });
    this.transfer = new RoomTransfer({
      owned: this.#owned,
      directory: this.#directory,
      claims,
      settings,
      pending: (appId) => this.#ownedClaims.pendingOf(appId),
    });
    this.#returns = new Returns({
      tickets: this.#tickets,
      directory: this.#directory,
      findRoom: (key) => this.#find(key),
    });
    const people = new People({ owned: this.#owned, directory: this.#directory });
    this.#kickBans = new KickBans({
      policy: settings.policy,
      clock: settings.clock,
      people,
      kick: (key, command, origin, call) => this.#kick(key, command, origin, call),
    });
    this.#refused = new RefusedLogins({
      has: (key) => this.#owned.has(roomKeyText(key)),
      mayDecide,
      logOut: (key, memberId) => this.execute(key, { type: 'logout', memberId }, REFUSAL_ORIGIN),
    });
    this.#feed = new EventFeed(sinks);
    this.#reader = new Reader({
      owned: this.#owned,
      directory: this.#directory,
      history: this.#history,
      people,
      kickBans: this.#kickBans,
      policy: settings.policy,
    });
  }

  /** Number of rooms with members. */
  get size(): number {
    return this.#live().length;
  }

  /** Starts to check for silent members every second, and to remove them. */
  start(): void {
    const report = this.#settings.report ?? (() => undefined);
    this.#stopSweep ??= this.#settings.clock.every(1000, () => void this.sweep().catch(report));
  }

  /** Stops checking for silent members; rooms stay. */
  stop(): void {
    this.#stopSweep?.();
    this.#stopSweep = undefined;
  }

  /**
   * Executes a command. When it resolves, every sink has handled the events: media is closed, callbacks are stored. A command
   * that changes nothing, or is refused, is answered when the earlier events are stored, of which its answer is a result.
   *
   * @throws GavelError `room.not-found` if the room does not exist (`login` creates it), and as the command documents
   */
  execute<C extends RoomCommand>(
    key: RoomKey,
    command: C,
    origin: Origin,
    { commandId, fingerprint, isRetried, expectedEpoch }: CallTerms = {},
  ): Promise<ReplyOf<C>> {
    if (origin.by !== undefined) this.#owned.get(roomKeyText(key))?.touch([origin.by]);
    const { commands } = this.#settings;
    const work = async (callId?: string): Promise<AnyReply> => {
      try {
        this.requireEpoch(key, expectedEpoch);
        return await this.#execute(key, command, origin, { callId, commandId });
      } catch (error) {
        return this.#refuse(key, error);
      }
    };
    const reply = commands?.concerns(command, origin, commandId)
      ? commands.run({ scope: key, command, origin, commandId, fingerprint, isRetried }, work)
      : work();
    return reply as Promise<ReplyOf<C>>;
  }

  /**
   * Checks that a room is in the life that a command is meant for (BUS-9).
   *
   * @param expected the epoch; undefined: any life, or no room
   * @throws GavelError `room.not-found`, with details.epoch if the room has another epoch
   */
  requireEpoch(key: RoomKey, expected: Epoch | undefined): void {
    if (expected === undefined) return;
    const epoch = this.#find(key)?.epoch;
    if (epoch === expected) return;
    throw new GavelError('room.not-found', undefined, epoch === undefined ? undefined : { epoch });
  }

  /** @param call with the id of the call, for a command whose audit row or reply is kept */
  #execute(key: RoomKey, command: RoomCommand, origin: Origin, call: BanningCall): AnyReply | Promise<AnyReply> {
    switch (command.type) {
      case 'login':
        return this.#login(key, command, origin);
      case 'resume':
        return this.#resume(key, command, origin);
      case 'touch':
        return this.#touch(key, command.memberIds);
      default:
        return this.#change(key, command, origin, call);
    }
  }

  /** @throws the error of a command, when what it may be a result of is stored */
  async #refuse(key: RoomKey, error: unknown): Promise<never> {
    // Without a lease, nothing is delivered before there is one again.
    if (!isGavelError(error, 'server.node-unavailable')) await this.#feed.settled(key);
    throw error;
  }

  #change(key: RoomKey, command: RoomCommand, origin: Origin, call: BanningCall = {}): Promise<AnyReply> {
    const { callId } = call;
    if (command.type === 'kick' && carriesBan(command)) return this.#kickBans.execute(key, command, origin, call);
    if (isPublish(command)) return this.#publish(key, command, origin, callId);
    const delivered = this.#deliver(this.#apply(key, command, origin), origin, callId);
    // When an acceptance is answered, the users are in the room (WAIT-4).
    return command.type === 'answerWaiting' ? this.#admit(key).then(() => delivered) : delivered;
  }

  /** Executes a command that needs a stream id, which the room claims first (STRM-6). */
  async #publish(key: RoomKey, command: PublishCommand, origin: Origin, callId?: string): Promise<AnyReply> {
    const epoch = this.#find(key)?.epoch;
    const claim = epoch === undefined ? undefined : this.#ownedClaims.claimStream(key, command.streamId);
    let change: Change;
    try {
      const streamClaim = claim?.verdict instanceof Promise ? await claim.verdict : claim?.verdict;
      this.requireEpoch(key, epoch);
      this.#checkPublish(key, command);
      change = this.#apply(key, command, origin, { ...(streamClaim && { streamClaim }) });
    } finally {
      claim?.settle();
    }
    return this.#deliver(change, origin, callId);
  }

  #login(key: RoomKey, command: LoginCommand, origin: Origin): Promise<LoginReply> {
    const enter = (): Promise<LoginReply> => this.#enter(key, withEnvironmentCap(key, command), origin);
    return command.attempt?.isRetry ? this.#returns.checkRetry(key, command.attempt).then(enter) : enter();
  }

  /** Puts a login into the room, or into its waiting room. */
  async #enter(key: RoomKey, command: LoginCommand, origin: Origin): Promise<LoginReply> {
    const claim = this.#ownedClaims.claimRoom(key);
    let change: Change;
    try {
      const roomClaim = claim?.verdict instanceof Promise ? await claim.verdict : claim?.verdict;
      this.#checkLogin(key, command);
      change = this.#apply(key, command, origin, { ...(roomClaim && { roomClaim }) });
    } finally {
      claim?.settle();
    }
    // A waiting login counts too, so that the waiting room cannot be used to evade the limit.
    this.#logins.record(roomKeyText(key), this.#settings.clock.monotonicMs());
    const reply = change.reply as LoginReply;
    const delivered = this.#deliver(change, origin);
    // Synchronous with the login, if claims are in memory: of two simultaneous logins, the later one stays (KICK-13).
    const replaced = reply.session ? this.#claimLogin(key, command, reply.session.member, origin) : [];
    // Its own events are being delivered: logins that waited for it are admitted after it.
    if (mayLetIn(command)) void this.#admit(key);
    try {
      await (replaced.length === 0 ? delivered : Promise.all([delivered, ...replaced]));
      return reply;
    } catch (error) {
      // The login is refused: without it, no client would own the member or the wait.
      const { memberId } = reply.waiting ?? reply.session.member;
      await this.#refused.remove(key, memberId);
      throw error;
    }
  }

  /**
   * Admits all users that no longer have to wait, in order of arrival, as far as the login limit allows; the rest follows
   * with the next sweep. Resolves when they are in the room.
   */
  async #admit(key: RoomKey): Promise<void> {
    const admitted: Promise<void>[] = [];
    for (const wait of this.#owned.get(roomKeyText(key))?.admissible() ?? []) {
      if (!this.#acceptsLogin(key)) break;
      admitted.push(this.#admitOne(key, wait));
    }
    await Promise.all(admitted);
  }

  /** Never rejects: the client of the waiting user gets the error. */
  async #admitOne(key: RoomKey, { login, origin, waiting }: WaitingLogin): Promise<void> {
    const { clock, report = () => undefined } = this.#settings;
    let answer: AdmissionAnswer;
    try {
      if (login.tokenExpiresAtMs !== undefined && login.tokenExpiresAtMs <= clock.now()) {
        throw new GavelError('login.token-expired');
      }
      const { session } = await this.#enter(key, login, origin);
      if (!session) throw new Error('an admitted user is not in the room');
      answer = { session };
    } catch (error) {
      // An unexpected error is reported: the client gets no part of it.
      if (!isGavelError(error)) report(error);
      answer = { error: toWireError(isGavelError(error) ? error : new GavelError('server.internal')) };
    }
    await this.#answerAdmission(key, waiting, answer, origin).catch(report);
  }

  async #answerAdmission(key: RoomKey, waiting: Waiting, answer: AdmissionAnswer, origin: Origin): Promise<void> {
    const owned = this.#owned.get(roomKeyText(key)) ?? new OwnedRoom(key, this.#settings);
    // A login that is refused before it enters still waits.
    if ('error' in answer && owned.waiting().some(({ memberId }) => memberId === waiting.memberId)) {
      await this.#change(key, { type: 'refuseWaiting', memberIds: [waiting.memberId], ...answer }, origin);
      return;
    }
    const event = owned.answerAdmission(waiting, answer);
    await this.#feed.deliver({ key, epoch: event.epoch, origin, events: [event] });
  }

  async #resume(key: RoomKey, command: CommandOf<'resume'>, origin: Origin): Promise<ResumeReply> {
    const member = this.#find(key)?.findMember(command.memberId);
    // Bans are checked again at a resume: by the user, and by the address that it resumes from (BAN-4).
    if (member?.ticket === command.ticket) await this.#checkReturn(key, member, command, origin);
    let change: Change;
    try {
      change = this.#apply(key, command, origin);
    } catch (error) {
      if (!isGavelError(error, 'resume.refused')) throw error;
      throw await this.#returns.findRefusal(key, command);
    }
    return (await this.#deliver(change, origin)) as ResumeReply;
  }

  /** @throws `room.not-found` if there is no room, and none of them waits for it */
  #touch(key: RoomKey, memberIds: readonly MemberId[]): ReplyOf<CommandOf<'touch'>> {
    const owned = this.#owned.get(roomKeyText(key));
    if (!owned?.touch(memberIds)) throw new GavelError('room.not-found');
    const { room } = owned;
    return room ? { memberCount: room.summary().shown.memberCount } : {};
  }

  /** @throws `login.banned`, after a member that is detached was removed: its client does not come back */
  async #checkReturn(key: RoomKey, member: Member, { address }: CommandOf<'resume'>, origin: Origin): Promise<void> {
    try {
      this.#settings.policy?.checkLogin(key, { ...member, address });
    } catch (error) {
      const { memberId, link } = member;
      const { connectionId } = link;
      await this.#deliver(this.#apply(key, { type: 'abandon', memberId, connectionId }, origin), origin);
      throw error;
    }
  }

  /** Kicks whom a kick with a ban is about, when the bans are in force. */
  async #kick(key: RoomKey, command: CommandOf<'kick'>, origin: Origin, call?: KickCall): Promise<KickReply> {
    const change = this.#apply(key, command, origin);
    const reply = { ...(change.reply as KickReply), ...(call && { bans: call.bans }) };
    await this.#deliver({ ...change, reply }, origin, call?.callId);
    return reply;
  }

  /** Changes a room and the indexes of all rooms synchronously. */
  #apply(key: RoomKey, command: RoomCommand, origin: Origin, facts?: CommandFacts): Change {
    const text = roomKeyText(key);
    const known = this.#owned.get(text);
    if ((known || command.type === 'login') && this.#settings.mayDecide?.(key) === false) {
      throw new GavelError('server.node-unavailable');
    }
    const owned = known ?? new OwnedRoom(key, this.#settings);
    const { events, reply } = owned.apply(command, origin, facts);
    if (owned.isEmpty) this.#owned.delete(text);
    else this.#owned.set(text, owned);
    this.#directory.follow(key, events);
    this.#history.follow(key, events);
    this.#ownedClaims.follow(key, events);
    for (const { member } of eventsOf(events, 'memberLeft')) this.#releaseLogin(key, member.user.id, member.memberId);
    return { key, command, events, reply };
  }

  /** Delivers the events of a change, in the turn of the change; of removals it also records why clients may not return. */
  async #deliver({ key, command, events, reply }: Change, origin: Origin, callId?: string): Promise<AnyReply> {
    const done = callId !== undefined && { done: { callId, reply } };
    // The events of the room are the last ones: its epoch is the batch's.
    const epoch = events.at(-1)?.epoch;
    const delivered =
      epoch === undefined ? this.#feed.settled(key) : this.#feed.deliver({ key, epoch, origin, events, ...done });
    // After the clients' frames, which are written synchronously unless the journal has callbacks to store.
    const kept = this.#returns.keepEnds(key, command, events);
    await (kept ? Promise.all([delivered, kept]) : delivered);
    return reply;
  }

  /** Answers a query. @throws GavelError as documented for each query */
  answer<Q extends Query>(subject: SubjectOf<Q>, query: Q): AnswerOf<Q> {
    return this.#reader.answer(subject, query);
  }

  /** Removes silent members from every room that may have some. */
  async sweep(): Promise<void> {
    const { clock } = this.#settings;
    const nowMonotonicMs = clock.monotonicMs();
    const origin: Origin = { channel: 'server', requestId: 'heartbeat' };
    const owned = [...this.#owned.values()].filter(({ key }) => this.#settings.mayDecide?.(key) !== false);
    for (const one of owned) this.#deleteExpired(one, nowMonotonicMs);
    const due = owned.filter((one) => one.hasSilent(nowMonotonicMs));
    const swept: Promise<unknown>[] = due.map(({ key }) => this.execute(key, { type: 'expire' }, origin));
    // Users whose admission the login limit has delayed.
    for (const { key, waitingRoom } of owned) if (waitingRoom) swept.push(this.#admit(key));
    swept.push(this.#refused.sweep());
    if (this.#tickets.isSweepDue(clock.now())) swept.push(this.#tickets.sweep(clock.now()));
    for (const result of await Promise.allSettled(swept)) if (result.status === 'rejected') throw result.reason;
  }

  #deleteExpired(owned: OwnedRoom, nowMonotonicMs: number): void {
    owned.deleteExpired(nowMonotonicMs);
    if (owned.isEmpty) this.#owned.delete(roomKeyText(owned.key));
  }

  #find(key: RoomKey): Room | undefined {
    return this.#owned.get(roomKeyText(key))?.room;
  }

  /** The rooms with members. */
  #live(): Room[] {
    return [...this.#owned.values()].flatMap(({ room }) => room ?? []);
  }

  /** Returns whether a room accepts one more login now (LIM-1). */
  #acceptsLogin(key: RoomKey): boolean {
    const { clock, maxLoginsPerSecond } = this.#settings;
    return this.#logins.hasRoom(roomKeyText(key), maxLoginsPerSecond, clock.monotonicMs());
  }

  #checkLogin(key: RoomKey, command: LoginCommand): void {
    this.#settings.policy?.checkLogin(key, command);
    if (!this.#acceptsLogin(key)) throw new GavelError('rate.limited');
  }

  /** Checks the rules of who may publish what (BAN-3, FORB-2). */
  #checkPublish(key: RoomKey, command: PublishCommand): void {
    const { policy } = this.#settings;
    if (command.type === 'addStream') return policy?.checkStream(key, command.streamId);
    const member = this.#find(key)?.findMember(command.memberId);
    if (member) policy?.checkPublish(key, member, command.streamId);
  }

  /** Claims a login, and removes the earlier ones of its user elsewhere; the promises settle when that is done. */
  #claimLogin(key: RoomKey, login: LoginCommand, { memberId }: MemberInfo, origin: Origin): Promise<unknown>[] {
    const { user, clientId, onDuplicate } = login;
    const holder: LoginHolder = { roomId: key.roomId, memberId, clientId };
    const replace = (earlier: readonly LoginHolder[]): Promise<unknown>[] => {
      if (!this.#find(key)?.findMember(memberId)) {
        // Replaced in its room while the claim was made: it replaces nobody.
        this.#releaseLogin(key, user.id, memberId);
        return [];
      }
      return onDuplicate === 'replace' ? this.#replaceElsewhere(key, holder, earlier, origin) : [];
    };
    const earlier = this.#claims.logins.claim(key, user.id, holder);
    return earlier instanceof Promise ? [earlier.then((found) => Promise.all(replace(found)))] : replace(earlier);
  }

  /** Changes the other rooms synchronously; each promise settles when the events of that room are delivered. */
  #replaceElsewhere(
    key: RoomKey,
    { clientId }: LoginHolder,
    earlier: readonly LoginHolder[],
    origin: Origin,
  ): Promise<unknown>[] {
    const others = earlier.filter((other) => other.roomId !== key.roomId && other.clientId !== clientId);
    return [...Map.groupBy(others, ({ roomId }) => roomId)].flatMap(([roomId, holders]) => {
      const other = { ...key, roomId };
      const memberIds = holders.map(({ memberId }) => memberId);
      const command = { type: 'replace', memberIds } as const;
      if (this.#find(other)) return this.#deliver(this.#apply(other, command, origin), origin);
      return this.#settings.executeElsewhere?.(other, command, origin).catch(ignoreEnded) ?? [];
    });
  }

  #releaseLogin(key: RoomKey, userId: UserId, memberId: MemberId): void {
    const released = this.#claims.logins.release(key, userId, memberId);
    if (released instanceof Promise) released.catch(this.#settings.report ?? (() => undefined));
  }
}

/** A room or a member that has ended meanwhile need not be replaced. @throws any other error */
function ignoreEnded(error: unknown): void {
  if (!isGavelError(error, 'room.not-found', 'room.member-not-found')) throw error;
}

/**
 * What the tests of rooms share: ids that count, and short ways to write commands.
 *
 * @module
 */

import type {
  AppId,
  Epoch,
  MemberId,
  PollId,
  PublishId,
  RoomId,
  RoomKey,
  StreamId,
  StreamSource,
  UserId,
} from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import type { IdSource } from '../base/clock.ts';
import type { RoomsSettings } from '../owner/rooms-settings.ts';
import type { CommandOf, LoginCommand, Origin } from './commands.ts';
import type { Continuation } from './continuation.ts';
import type { TicketClaim } from './ended-tickets.ts';
import { eventsOf } from './events.ts';
import { Room } from './room.ts';
import type { Session } from './views.ts';

export const KEY: RoomKey = { appId: 1 as AppId, environment: 'production', roomId: 'room' as RoomId };
export const ORIGIN: Origin = { channel: 'server', requestId: 'test' };

/** Ids that count from 1. */
export function countingIds(): IdSource {
  let last = 0;
  const next = (): number => {
    last += 1;
    return last;
  };
  return {
    nextEpoch: () => String(next()) as Epoch,
    nextMemberId: () => `m${next()}` as MemberId,
    nextPublishId: () => `s${next()}` as PublishId,
    nextPollId: () => `p${next()}` as PollId,
    nextTicket: () => `t${next()}`,
  };
}

/** Settings with a fake clock and counting ids. */
export function testSettings(clock = new FakeClock()): RoomsSettings & { readonly clock: FakeClock } {
  const limits = { heartbeatTimeoutMs: 100_000, keptEvents: 100, maxLoginsPerSecond: 200 };
  const streamLimits = { maxStreamsPerMember: 20, maxStreamsPerApp: 0 };
  return { clock, ids: countingIds(), ...limits, ...streamLimits };
}

/** A login as most tests need it. */
export function login(userId: string, changes: Partial<LoginCommand> = {}): LoginCommand {
  return {
    type: 'login',
    user: { id: userId as UserId, name: userId },
    scheme: 'app-token',
    clientId: `client-of-${userId}`,
    connectionId: `connection-of-${userId}`,
    onDuplicate: 'replace',
    wantsMembers: true,
    permissions: { publishAudio: true, publishVideo: true },
    maxMemberCount: 0,
    address: '127.0.0.1',
    callbackData: '',
    ...changes,
  };
}

/** A room and short ways to use it; `before` is the session that it continues. */
export function openRoom(settings = testSettings(), before?: Continuation) {
  const room = new Room(KEY, settings.ids.nextEpoch(), settings, before);
  const join = (userId: string, changes?: Partial<LoginCommand>): MemberId => {
    const [joined] = eventsOf(room.apply(login(userId, changes)), 'memberJoined');
    if (!joined) throw new Error('no memberJoined');
    return joined.member.memberId;
  };
  const publish = (memberId: MemberId, streamId: string, source: StreamSource = 'camera'): PublishId => {
    const reserve = { type: 'reserveStream', memberId, streamId: streamId as StreamId, source } as const;
    const [reserved] = eventsOf(room.apply({ ...reserve, extraInfo: '', audio: true, video: true }), 'streamReserved');
    if (!reserved) throw new Error('no streamReserved');
    const { publishId } = reserved.stream;
    room.apply({ type: 'announceStream', streamId: streamId as StreamId, publishId, audio: true, video: true });
    return publishId;
  };
  return { room, clock: settings.clock, join, publish };
}

/** What the ticket of a login says of it; `issuer` is `t1` in rooms with counting ids. */
export function claim(userId: string, changes: Partial<TicketClaim> = {}): TicketClaim {
  const position = { epoch: '0' as Epoch, seq: 0 };
  return {
    issuer: 't1',
    userId: userId as UserId,
    clientId: `client-of-${userId}`,
    isReplaceable: true,
    position,
    ...changes,
  };
}

/** A ticket of a login, and the position of its client. */
export function ticketOf(userId: string, changes: Partial<TicketClaim> = {}) {
  const about = claim(userId, changes);
  return { claim: about, after: about.position };
}

/** A resume by the ticket of a session, as a client tries it. */
export function resume({ member, ticket, room }: Session, changes: Partial<TicketClaim> = {}): CommandOf<'resume'> {
  const { user, clientId, memberId } = member;
  const position = { epoch: room.epoch, seq: room.seq };
  const about = claim(user.id, { clientId, position, ...changes });
  return {
    type: 'resume',
    memberId,
    ticket,
    connectionId: 'again',
    address: '127.0.0.1',
    claim: about,
    after: position,
  };
}

/** A kick of the named users. */
export function kick(...userIds: string[]) {
  const targets = userIds.map((userId) => ({ label: userId, userIds: [userId as UserId] }));
  return { type: 'kick', targets, require: 'any', reason: 'spam' } as const;
}

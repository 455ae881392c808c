/**
 * Kicks that carry a ban (BAN-8): whoever is out is also kept out.
 *
 * @module
 */

import { GavelError, isGavelError, type RoomKey, roomKeyText, type UserId } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import { type BanSubject, bannedIdOf, type KickBan, type NewBan, type SetBan } from '../rooms/bans.ts';
import type { CommandOf, Origin } from '../rooms/commands.ts';
import type { KickReply } from '../rooms/replies.ts';
import type { BanningCall, RoomPolicy } from '../rooms/room-policy.ts';
import type { People, Person } from './people.ts';

type Kick = CommandOf<'kick'>;

/** A kick that carries a ban. */
export type BanningKick = Kick & { readonly ban: KickBan };

/** Returns whether a kick carries a ban. */
export const carriesBan = (kick: Kick): kick is BanningKick => kick.ban !== undefined;

/** What belongs to the reply of a kick. */
export interface KickCall {
  /** The id of the call, for its audit row and its reply. */
  readonly callId: string | undefined;
  readonly bans: readonly SetBan[];
}

/** Dependencies of kicks that carry a ban. */
export interface KickBansDeps {
  readonly policy: RoomPolicy | undefined;
  readonly clock: Clock;
  readonly people: People;
  /** Executes a kick without a ban; synchronous until its events are delivered. */
  readonly kick: (key: RoomKey, command: Kick, origin: Origin, call?: KickCall) => Promise<KickReply>;
}

/** Executes kicks that carry a ban. */
export class KickBans {
  readonly #deps: KickBansDeps;

  constructor(deps: KickBansDeps) {
    this.#deps = deps;
  }

  /**
   * Bans and kicks. The bans are in force before anybody is kicked, and cover whoever matches the targets at that moment,
   * so that nobody comes back in between.
   *
   * @throws GavelError as the command documents
   */
  async execute(key: RoomKey, command: BanningKick, origin: Origin, call: BanningCall): Promise<KickReply> {
    const { policy, clock, people } = this.#deps;
    const { ban, ...rest } = command;
    requireBackend(command);
    if (!policy) throw new Error('a kick with a ban needs a policy');
    const found = command.targets.map((target) => people.named(key, target).length > 0);
    const isHere = command.require === 'all' ? found.every(Boolean) : found.some(Boolean);
    // The kick refuses it, before anybody is banned.
    if (!isHere) return this.#deps.kick(key, rest, origin);
    const bans: SetBan[] = [];
    const covered = new Set<string>();
    for (;;) {
      const named = command.targets.flatMap((target) => people.named(key, target));
      const subjects = subjectsOf(command, named).filter((subject) => !covered.has(JSON.stringify(subject)));
      // In the second round, a target is left that has resumed from another address in the meantime.
      if (subjects.length === 0) break;
      for (const subject of subjects) covered.add(JSON.stringify(subject));
      bans.push(...(await policy.setBans(key, newBansOf(command, key, subjects, clock.now()), origin, call)));
    }
    const elsewhere = ban.in === 'app' ? this.#kickElsewhere(key, rest, bans, origin) : [];
    const [reply] = await Promise.all([
      this.#kickPresent(key, rest, origin, { callId: call.callId, bans }),
      ...elsewhere,
    ]);
    return reply;
  }

  /** Returns the bans that a kick would set now. @throws GavelError as `execute`, but for the policy's refusals */
  preview(key: RoomKey, command: BanningKick): NewBan[] {
    requireBackend(command);
    const named = command.targets.flatMap((target) => this.#deps.people.named(key, target));
    return newBansOf(command, key, subjectsOf(command, named), this.#deps.clock.now());
  }

  /** Kicks as `kick` does, but nobody if all targets have left. */
  async #kickPresent(key: RoomKey, kick: Kick, origin: Origin, call?: KickCall): Promise<KickReply> {
    try {
      return await this.#deps.kick(key, { ...kick, require: 'any' }, origin, call);
    } catch (error) {
      if (!isGavelError(error, 'room.not-found') && !isGavelError(error, 'room.member-not-found')) throw error;
      return { members: [], waiting: [], ...(call && { bans: call.bans }) };
    }
  }

  /** Kicks the users of bans from the other rooms of the App. */
  #kickElsewhere(here: RoomKey, { reason }: Kick, bans: readonly SetBan[], origin: Origin): Promise<KickReply>[] {
    const userIds = new Set(bans.flatMap(({ subject }) => subject.userId ?? []));
    const found = [...userIds].flatMap((userId: UserId) => this.#deps.people.find(here, { userId }));
    const others = found.filter(({ key }) => key.roomId !== here.roomId);
    return [...Map.groupBy(others, ({ key }) => roomKeyText(key)).values()].flatMap((people) => {
      const [first] = people;
      const targets = [{ label: '', userIds: [], memberIds: people.map(({ memberId }) => memberId) }];
      return first ? this.#kickPresent(first.key, { type: 'kick', targets, require: 'any', reason }, origin) : [];
    });
  }
}

/** @throws GavelError `member.not-allowed` for a member: only backends ban */
function requireBackend({ by }: BanningKick): void {
  if (by !== undefined) throw new GavelError('member.not-allowed');
}

/** Returns whom a kick bans: each of its people, and the users that it names, also those that are absent. */
function subjectsOf({ ban, targets }: BanningKick, people: readonly Person[]): BanSubject[] {
  const present = new Set(people.map(({ user }) => user.id));
  const absent = targets.flatMap(({ userIds }) => userIds).filter((userId) => !present.has(userId));
  const named = ban.of === 'address' ? [] : absent.map((userId) => ({ userId }));
  const subjects = [...people.map((person) => subjectOf(person, ban)), ...named];
  return [...new Map(subjects.map((subject) => [JSON.stringify(subject), subject])).values()];
}

/** @throws GavelError `policy.bad-rule` if an address is to be banned and is not known */
function subjectOf(person: Person, { of }: KickBan): BanSubject {
  if (of === 'user') return { userId: bannedIdOf(person) };
  // The address of a client whose address cannot be read is a word.
  if (!/[.:]/.test(person.address)) {
    throw new GavelError('policy.bad-rule', 'The address of a client is not known, so it cannot be banned.');
  }
  return { ...(of === 'both' && { userId: bannedIdOf(person) }), addresses: person.address };
}

/** Returns the bans that a kick would set if these people matched its targets. @throws GavelError as the command documents */
export function bansOfKick(key: RoomKey, command: BanningKick, people: readonly Person[], nowMs: number): NewBan[] {
  return newBansOf(command, key, subjectsOf(command, people), nowMs);
}

function newBansOf(
  { ban, reason }: BanningKick,
  { roomId }: RoomKey,
  subjects: readonly BanSubject[],
  nowMs: number,
): NewBan[] {
  return subjects.map((subject) => ({
    subject,
    ...(ban.in === 'room' && { roomId }),
    privileges: ['login', 'publish'],
    ...(ban.seconds !== undefined && { untilMs: nowMs + ban.seconds * 1000 }),
    reason,
  }));
}

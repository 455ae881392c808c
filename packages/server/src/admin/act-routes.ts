/**
 * Acts on rooms in the admin API: kick, close, mute, and the end of a stream. Each can be previewed, and repeated without a
 * second effect (DRY-1, IDEM-1).
 *
 * @module
 */

import { GavelError, parseStreamId, type RoomKey } from '@gavel/protocol';
import {
  ACT_RESULT,
  type ActResult,
  CLOSE_BODY,
  type CloseBody,
  DELETED_STREAM,
  type DeletedStream,
  KICK_BODY,
  KICK_RESULT,
  type KickBody,
  type KickResult,
  MUTE_BODY,
  type MuteBody,
  ROOM_PATH,
  STREAM_PATH,
  type StreamPath,
} from '@gavel/protocol/admin';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../base/clock.ts';
import type { Bus, ReplyOf } from '../bus/bus.ts';
import { bansOfKick, carriesBan } from '../owner/kick-bans.ts';
import type { Person } from '../owner/people.ts';
import type { PolicyService } from '../policy/policy-service.ts';
import type { CommandOf, RoomCommand } from '../rooms/commands.ts';
import { originOf, requireReason } from './act-origin.ts';
import { describeKickBan } from './ban-routes.ts';
import { callerOf } from './caller.ts';
import type { DryRuns } from './dry-runs.ts';
import { AdminError } from './errors.ts';
import {
  describeMember,
  describePerson,
  describeWaiting,
  findPeople,
  isNamed,
  requirePeople,
  requireSome,
  targetsOf,
} from './people.ts';
import type { Repeats, RepeatTerms } from './repeats.ts';
import { describeResponses } from './responses.ts';
import { readKey } from './room-routes.ts';

/** The dependencies of the routes. */
export interface ActRouteDeps {
  readonly bus: Pick<Bus, 'call' | 'query'>;
  readonly policy: Pick<PolicyService, 'preview'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly repeats: Repeats;
  readonly dryRuns: DryRuns;
}

/** What a route does with a command: it previews it, or sends it and describes the reply. */
interface Act<C extends RoomCommand, Result> {
  readonly key: RoomKey;
  readonly reason: string;
  readonly isDryRun: boolean;
  /** Makes the command. A repeated call does not make it again. */
  readonly command: () => C | Promise<C>;
  readonly preview: (command: C) => Promise<Result>;
  /** Makes the answer of the reply alone: a repeated call gets the same one. */
  readonly describe: (reply: ReplyOf<C>) => Result;
}

const ROOM_URL = '/rooms/:appId/:environment/:roomId';

/** Adds the routes. */
export function addActRoutes(scope: FastifyInstance, deps: ActRouteDeps): void {
  const { bus, policy, clock, repeats, dryRuns } = deps;

  async function act<C extends RoomCommand, R>(request: FastifyRequest, given: Act<C, R>): Promise<R> {
    const { key, isDryRun, preview, describe } = given;
    const origin = { ...originOf(request), reason: requireReason(given.reason) };
    if (isDryRun) {
      const command = await given.command();
      return dryRuns.run({ scope: key, command, origin }, () => preview(command));
    }
    const execute = async (terms: RepeatTerms) => bus.call({ key, command: await given.command(), origin, ...terms });
    return repeats.run(request, { execute, describe });
  }

  scope.post(
    `${ROOM_URL}/kick`,
    {
      config: { right: 'moderate', action: 'kick' },
      schema: {
        summary: 'Puts people out of a room, and keeps them out if it carries a ban',
        params: ROOM_PATH,
        body: KICK_BODY,
        response: describeResponses('Who was put out.', KICK_RESULT),
      },
    },
    (request): Promise<KickResult> => {
      const key = readKey(request);
      const body = request.body as KickBody;
      return act(request, {
        key,
        reason: body.reason,
        isDryRun: body.dryRun ?? false,
        command: () => readKick(bus, key, body),
        preview: (command) => previewKick(key, command),
        describe: ({ members, waiting, bans = [] }) => ({
          isDryRun: false,
          people: [
            ...members.map((member) => describeMember(key, member)),
            ...waiting.map((each) => describeWaiting(key, each)),
          ],
          bans: bans.map((ban) => describeKickBan(ban, key, callerOf(request).name)),
        }),
      });
    },
  );

  scope.post(
    `${ROOM_URL}/close`,
    {
      config: { right: 'moderate', action: 'close' },
      schema: {
        summary: 'Closes a room: everybody is put out, also those who wait for admission',
        params: ROOM_PATH,
        body: CLOSE_BODY,
        response: describeResponses('The room is closed; `people` are its members.', ACT_RESULT),
      },
    },
    (request): Promise<ActResult> => {
      const key = readKey(request);
      const { reason, dryRun = false } = request.body as CloseBody;
      return act<CommandOf<'close'>, ActResult>(request, {
        key,
        reason,
        isDryRun: dryRun,
        command: () => ({ type: 'close', reason, announce: true }),
        preview: async () => ({ isDryRun: true, people: (await requirePeople(bus, key)).map(describePerson) }),
        describe: (reply) => describeHit(key, reply),
      });
    },
  );

  scope.post(
    `${ROOM_URL}/mute`,
    {
      config: { right: 'moderate', action: 'mute' },
      schema: {
        summary: 'Mutes people in a room; without `userIds` and `memberIds` everybody',
        params: ROOM_PATH,
        body: MUTE_BODY,
        response: describeResponses('Who was muted.', ACT_RESULT),
      },
    },
    (request): Promise<ActResult> => {
      const key = readKey(request);
      const body = request.body as MuteBody;
      return act<CommandOf<'mute'>, ActResult>(request, {
        key,
        reason: body.reason,
        isDryRun: body.dryRun ?? false,
        command: () => readMute(body),
        async preview({ targets }) {
          const members = (await requirePeople(bus, key)).filter(({ isWaiting }) => !isWaiting);
          const hit = targets ? requireSome(members.filter((member) => isNamed(member, targets))) : members;
          return { isDryRun: true, people: hit.map(describePerson) };
        },
        describe: (reply) => describeHit(key, reply),
      });
    },
  );

  scope.post(
    `${ROOM_URL}/streams/:streamId/delete`,
    {
      config: { right: 'moderate', action: 'deleteStream' },
      schema: {
        summary: 'Ends a stream; its publisher stays in the room',
        params: STREAM_PATH,
        body: CLOSE_BODY,
        response: describeResponses('The stream has ended.', DELETED_STREAM),
      },
    },
    (request): Promise<DeletedStream> => {
      const key = readKey(request);
      const { reason, dryRun = false } = request.body as CloseBody;
      const streamId = parseStreamId((request.params as StreamPath).streamId);
      if (!streamId) throw new GavelError('stream.not-found');
      return act<CommandOf<'deleteStream'>, DeletedStream>(request, {
        key,
        reason,
        isDryRun: dryRun,
        command: () => ({ type: 'deleteStream', streamId }),
        async preview() {
          const { stream } = await bus.query(key, { type: 'stream', streamId });
          if (!stream) throw new GavelError('stream.not-found');
          return { isDryRun: true, streamId };
        },
        describe: () => ({ isDryRun: false, streamId }),
      });
    },
  );

  /** Returns whom a kick would hit. A ban of users in the App also puts them out of their other rooms. */
  async function previewKick(key: RoomKey, command: CommandOf<'kick'>): Promise<KickResult> {
    const here = requireSome((await requirePeople(bus, key)).filter((person) => isNamed(person, command.targets)));
    if (!carriesBan(command)) return { isDryRun: true, people: here.map(describePerson), bans: [] };
    const bans = bansOfKick(key, command, here, clock.now());
    const rules = bans.map((ban) => ({ ...ban, kind: 'ban', list: 'moderation' }) as const);
    const { people: covered } = await policy.preview(
      key,
      { type: 'setRules', rules },
      { channel: 'admin', requestId: '' },
    );
    const userIds = new Set<string>(bans.flatMap(({ subject }) => subject.userId ?? []));
    const isElsewhereHit = ({ user, externalId }: Person): boolean =>
      command.ban.in === 'app' && (userIds.has(user.id) || (externalId !== undefined && userIds.has(externalId)));
    const hit = new Map([...here, ...covered.filter(isElsewhereHit)].map((person) => [person.memberId, person]));
    return {
      isDryRun: true,
      people: [...hit.values()].map(describePerson),
      bans: [],
      covered: covered.filter(({ memberId }) => !hit.has(memberId)).map(describePerson),
    };
  }
}

/** Returns the result of a close or a mute. */
function describeHit(key: RoomKey, { members }: ReplyOf<CommandOf<'close' | 'mute'>>): ActResult {
  return { isDryRun: false, people: members.map((each) => describeMember(key, each)) };
}

/** @throws AdminError `invalid-request` if it names nobody, or in two ways */
async function readKick(bus: Pick<Bus, 'query'>, key: RoomKey, body: KickBody): Promise<CommandOf<'kick'>> {
  const { allBut, reason, ban, ...named } = body;
  const isNaming = named.userIds !== undefined || named.memberIds !== undefined;
  if (isNaming === (allBut !== undefined)) {
    throw new AdminError('invalid-request', 'name either userIds and memberIds, or allBut');
  }
  const rest = { type: 'kick', require: 'any', reason, ...(ban && { ban }) } as const;
  if (!allBut) return { ...rest, targets: targetsOf(named) };
  const spared = targetsOf(allBut);
  // Nobody may be left because the same call is being done, at another node too: the owner of the room knows, or refuses.
  const others = (await findPeople(bus, key)).filter((person) => !isNamed(person, spared));
  const targets = others.map(({ memberId, user }) => ({
    ...{ label: memberId, userIds: [], memberIds: [memberId], ofUser: user.id },
  }));
  return { ...rest, targets };
}

/** @throws AdminError `invalid-request` if it mutes no kind */
function readMute(body: MuteBody): CommandOf<'mute'> {
  const { audio = false, video = false, screen = false, allowUnmute = true, userIds, memberIds } = body;
  if (!audio && !video && !screen) {
    throw new AdminError('invalid-request', 'one of audio, video and screen must be true');
  }
  const targets = targetsOf({ ...(userIds && { userIds }), ...(memberIds && { memberIds }) });
  const kinds = { audio, video, screen };
  return { type: 'mute', ...(targets.length > 0 && { targets }), require: 'any', kinds, allowUnmute };
}

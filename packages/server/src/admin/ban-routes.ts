/**
 * Bans in the admin API: lists them, sets one, previews whom it would cover, and lifts it (BAN-8 to BAN-10).
 *
 * @module
 */

import { type AppId, type Environment, GavelError, parseRoomId, parseUserId, type RoomId } from '@gavel/protocol';
import {
  BAN_BODY,
  BAN_LIST,
  BAN_LIST_QUERY,
  BAN_PATH,
  BAN_RESULT,
  type BanBody,
  type BanItem,
  type BanList,
  type BanListQuery,
  type BanPath,
  type BanResult,
  LIFT_BODY,
  LIFTED,
  type LiftBody,
  SCOPE_PATH,
  type ScopePath,
} from '@gavel/protocol/admin';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { AppScope } from '../base/app-scope.ts';
import type { Clock } from '../base/clock.ts';
import { parseRange } from '../policy/address-range.ts';
import type { PolicyCommand, PolicyReply } from '../policy/commands.ts';
import type { PolicyService } from '../policy/policy-service.ts';
import type { RuleRepository } from '../policy/repository.ts';
import { type Ban, isInForce, type Rule } from '../policy/rule.ts';
import type { BanSubject, SetBan } from '../rooms/bans.ts';
import { originOf, requireReason } from './act-origin.ts';
import { callerOf } from './caller.ts';
import { readCursor, writeCursor } from './cursor.ts';
import type { DryRuns } from './dry-runs.ts';
import { AdminError } from './errors.ts';
import { describePerson } from './people.ts';
import type { Repeats } from './repeats.ts';
import { describeResponses } from './responses.ts';
import { maySeeAddresses } from './roles.ts';

/** The dependencies of the routes. */
export interface BanRouteDeps {
  readonly policy: Pick<PolicyService, 'execute' | 'preview'>;
  readonly rules: Pick<RuleRepository, 'bans' | 'find'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly repeats: Repeats;
  readonly dryRuns: DryRuns;
}

const SCOPE_URL = '/bans/:appId/:environment';
const DEFAULT_LIMIT = 50;
const BAN_PLACE = Type.Object({ before: Type.Integer({ minimum: 1 }) });

/** Adds the routes below `/bans`. */
export function addBanRoutes(scope: FastifyInstance, deps: BanRouteDeps): void {
  const { policy, rules, clock, repeats, dryRuns } = deps;

  scope.get(
    SCOPE_URL,
    {
      config: { right: 'read' },
      schema: {
        summary: 'Lists the bans of an environment of an App, also those that backends set, latest change first',
        params: SCOPE_PATH,
        querystring: BAN_LIST_QUERY,
        response: describeResponses('A page.', BAN_LIST),
      },
    },
    async (request): Promise<BanList> => {
      const { state = 'in-force', limit = DEFAULT_LIMIT, cursor } = request.query as BanListQuery;
      const place = readCursor(BAN_PLACE, cursor);
      const page = await rules.bans(readScope(request), { limit, ...place });
      const nowMs = clock.now();
      const shown = page.filter(isBan).filter((ban) => state === 'all' || isInForce(ban, nowMs));
      const last = page.at(-1);
      const isSeen = maySeeAddresses(callerOf(request));
      return {
        bans: shown.map((ban) => describeBan(ban, nowMs)).map((ban) => (isSeen ? ban : withoutAddresses(ban))),
        next: writeCursor(page.length === limit && last ? { before: last.version } : undefined),
      };
    },
  );

  scope.post(
    SCOPE_URL,
    {
      config: { right: 'moderate', action: 'setRules' },
      schema: {
        summary: 'Sets a ban, or answers whom it would cover',
        params: SCOPE_PATH,
        body: BAN_BODY,
        response: describeResponses('The ban is in force.', BAN_RESULT),
      },
    },
    async (request): Promise<BanResult> => {
      const appScope = readScope(request);
      const body = request.body as BanBody;
      const command = readBan(body, clock.now());
      const origin = { ...originOf(request), reason: requireReason(body.reason) };
      if (body.dryRun) {
        return dryRuns.run({ scope: appScope, command, origin }, async () => {
          const { people } = await policy.preview(appScope, command, origin);
          return { isDryRun: true, ban: null, covered: people.map(describePerson) };
        });
      }
      return repeats.run(request, {
        execute: (terms) => policy.execute(appScope, command, origin, { ...terms, wantsCovered: true }),
        describe: ({ rules: set, covered = [] }: PolicyReply): BanResult => {
          const ban = set.find(isBan);
          return {
            isDryRun: false,
            ban: ban ? describeBan(ban, ban.createdAtMs) : null,
            covered: covered.map(describePerson),
          };
        },
      });
    },
  );

  scope.post(
    `${SCOPE_URL}/:id/lift`,
    {
      config: { right: 'moderate', action: 'liftRules' },
      schema: {
        summary: 'Lifts a ban; its row stays',
        params: BAN_PATH,
        body: LIFT_BODY,
        response: describeResponses('The ban is lifted.', LIFTED),
      },
    },
    async (request): Promise<{ readonly ban: BanItem }> => {
      const appScope = readScope(request);
      const { id } = request.params as BanPath;
      const reason = requireReason((request.body as LiftBody).reason);
      return repeats.run(request, {
        async execute(terms) {
          const known = await rules.find(appScope, id);
          if (!known || !isBan(known)) throw new AdminError('not-found', `There is no ban ${id}`);
          if (!isInForce(known, clock.now())) throw notInForce();
          const command = { type: 'liftRules', rules: [{ id }], reason } as const;
          return policy.execute(appScope, command, originOf(request), terms);
        },
        describe({ rules: lifted }: PolicyReply) {
          const ban = lifted.find(isBan);
          // Another call has lifted it in the meantime.
          if (!ban) throw notInForce();
          return { ban: describeBan(ban, ban.lifted?.atMs ?? ban.createdAtMs) };
        },
      });
    },
  );
}

function readScope(request: FastifyRequest): AppScope {
  const { appId, environment } = request.params as ScopePath;
  return { appId: appId as AppId, environment };
}

/** @throws AdminError `invalid-request` for a malformed subject; GavelError `policy.bad-rule` if it covers everybody */
function readBan(body: BanBody, nowMs: number): PolicyCommand & { type: 'setRules' } {
  const {
    userId,
    addresses,
    roomId,
    privileges = ['login', 'publish'],
    seconds,
    reason,
    removesPresent = false,
  } = body;
  const subject: BanSubject = {
    ...(userId !== undefined && { userId: requireParsed('userId', parseUserId(userId)) }),
    ...(addresses !== undefined && { addresses: requireParsed('addresses', parseRange(addresses)) }),
  };
  const where: { roomId?: RoomId } =
    roomId === undefined ? {} : { roomId: requireParsed('roomId', parseRoomId(roomId)) };
  if (userId === undefined && addresses === undefined && roomId === undefined) {
    throw new GavelError('policy.bad-rule', 'A ban needs a user, addresses or a room.');
  }
  const untilMs = seconds === undefined ? {} : { untilMs: nowMs + seconds * 1000 };
  const rule = { kind: 'ban', list: 'moderation', subject, ...where, privileges, ...untilMs, reason } as const;
  return { type: 'setRules', rules: [rule], removesPresent };
}

function requireParsed<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new AdminError('invalid-request', `${name}: is not valid`);
  return value;
}

const notInForce = () => new AdminError('conflict', 'The ban is not in force any more');

const isBan = (rule: Rule): rule is Ban => rule.kind === 'ban';

function describeBan(ban: Ban, nowMs: number): BanItem {
  const { id, appId, environment, list, subject, roomId, privileges, reason, author, createdAtMs, untilMs, lifted } =
    ban;
  return {
    id,
    appId,
    environment,
    list,
    ...(roomId !== undefined && { roomId }),
    ...(subject.userId !== undefined && { userId: subject.userId }),
    ...(subject.addresses !== undefined && { addresses: subject.addresses }),
    privileges: [...privileges],
    reason,
    author,
    createdAtMs,
    ...(untilMs !== undefined && { untilMs }),
    isInForce: isInForce(ban, nowMs),
    ...(lifted && { lifted: { ...lifted } }),
  };
}

/** Returns a ban that a kick has just set. */
export function describeKickBan(
  { id, createdAtMs, subject, roomId, privileges, untilMs, reason }: SetBan,
  { appId, environment }: { readonly appId: AppId; readonly environment: Environment },
  author: string,
): BanItem {
  const ban = { kind: 'ban', list: 'moderation', id, subject, privileges, reason, author } as const;
  const where = { appId, environment, ...(roomId !== undefined && { roomId }) };
  return describeBan(
    { ...ban, ...where, version: 0, createdAtMs, ...(untilMs !== undefined && { untilMs }) },
    createdAtMs,
  );
}

const withoutAddresses = ({ addresses: _addresses, ...ban }: BanItem): BanItem => ban;

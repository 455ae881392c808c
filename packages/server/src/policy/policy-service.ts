/**
 * The policy service: executes commands of policies and enforces them in rooms. When a call resolves, the change is
 * stored, new logins and publishes are checked against it, and the media that it ends is closed.
 *
 * @module
 */

import { isGavelError, type RoomKey, roomKeyText, type StreamId } from '@gavel/protocol';
import { type AppScope, scopeText } from '../base/app-scope.ts';
import { type Clock, callAtWallTime } from '../base/clock.ts';
import type { Bus } from '../bus/bus.ts';
import { askNext } from '../cluster/ask-next.ts';
import type { Peers } from '../cluster/peers.ts';
import { defineTopic } from '../cluster/topic.ts';
import type { Person } from '../owner/people.ts';
import type { Origin, RoomCommand } from '../rooms/commands.ts';
import { covers } from './ban-index.ts';
import type { PolicyCommand, PolicyEvent, PolicyReply, PolicyTerms } from './commands.ts';
import { type Policies, policySubject } from './policies.ts';
import type { Ban, Rule, StreamBlock } from './rule.ts';

/** A command with its scope and its origin. */
export interface PolicyCall {
  readonly scope: AppScope;
  readonly command: PolicyCommand;
  readonly origin: Origin;
}

/** Keeps the audit rows and the replies of commands, and answers a repeated one with its first reply (AUDIT-1, BUS-2). */
export interface PolicyCommandRunner {
  /** Returns whether a command must be executed by `run`. */
  concerns(command: PolicyCommand, origin: Origin, commandId?: string): boolean;
  /** Executes a command. `work` gets the id of the call, under which the change of rules is stored. */
  run<R>(call: PolicyCall & PolicyTerms, work: (callId: string) => Promise<R>): Promise<R>;
}

/** A command, for the node that executes those of its scope. */
const EXECUTE = defineTopic<PolicyCall & { readonly terms: PolicyTerms }, PolicyReply>('policy.execute', ({ scope }) =>
  scopeText(scope),
);

/** The end of a block is applied once more after this time, longer than a lease and a takeover; usually it changes nothing then. */
const END_AGAIN_MS = 10_000;

/** Dependencies of the policy service. */
export interface PolicyServiceDeps {
  readonly policies: Policies;
  readonly bus: Pick<Bus, 'call' | 'query'>;
  readonly clock: Clock;
  /** By default no audit rows and replies are kept. */
  readonly commands?: PolicyCommandRunner;
  /** Reports an error that no caller can receive, such as at the end of a block. */
  readonly report: (error: unknown) => void;
  /** The nodes; one executes the commands of a scope, so that a repeated command is recognised. By default there are none. */
  readonly peers?: Pick<Peers, 'self' | 'serve' | 'askFor' | 'nodeFor'>;
}

type RuleChange = Pick<PolicyEvent, 'type' | 'rule'>;

/** What a command would do (BAN-10). */
export interface PolicyPreview {
  /** The rules that it would set or lift; ids and versions of new rules are not those that they will have. */
  readonly rules: readonly Rule[];
  /** The members and waiting users that a ban would cover, each once. */
  readonly people: readonly Person[];
  /** The live streams that it would end or hold back. */
  readonly streams: readonly (RoomKey & { readonly streamId: StreamId })[];
}

/** Executes commands of policies. */
export class PolicyService {
  readonly #deps: PolicyServiceDeps;
  /** Cancels the timer for the end of each block, by room and stream. */
  readonly #timers = new Map<string, () => void>();
  #isStopped = false;

  constructor(deps: PolicyServiceDeps) {
    this.#deps = deps;
    deps.peers?.serve(EXECUTE, (request) => this.#run(request));
    deps.policies.follow((events) => {
      for (const event of events) this.#followEvent(event);
    });
  }

  /** The rules, for reading. */
  get policies(): Policies {
    return this.#deps.policies;
  }

  /**
   * Executes a command. A publish ban ends the streams in its scope; a login ban removes nobody unless the command says
   * so (BAN-3, BAN-4).
   *
   * @throws GavelError as the command documents, and the error of the store, without a change
   */
  async execute(
    { appId, environment }: AppScope,
    command: PolicyCommand,
    origin: Origin,
    terms: PolicyTerms = {},
  ): Promise<PolicyReply> {
    const { peers, clock } = this.#deps;
    const scope = { appId, environment };
    const request = { scope, command, origin, terms };
    if (!peers) return this.#run(request);
    // By its id the next node knows what was done of it.
    const retry = terms.commandId !== undefined ? { ...request, terms: { ...terms, isRetried: true } } : undefined;
    return askNext({ peers, clock }, policySubject(scope), EXECUTE, { request, retry });
  }

  async #run({ terms, ...call }: PolicyCall & { readonly terms: PolicyTerms }): Promise<PolicyReply> {
    const { commands } = this.#deps;
    const work = (callId?: string) => this.#execute(call, terms, callId);
    if (!commands?.concerns(call.command, call.origin, terms.commandId)) return work();
    return commands.run({ ...call, ...terms }, work);
  }

  async #execute(
    { scope, command, origin }: PolicyCall,
    { wantsCovered, commandId }: PolicyTerms,
    callId?: string,
  ): Promise<PolicyReply> {
    const { policies } = this.#deps;
    const covered = wantsCovered ? (await this.preview(scope, command, origin)).people : undefined;
    const { batch, reply } = await policies.change(scope, command, origin, { callId, commandId, covered });
    // A repeated command has set rules before, which a node that has died may not have enforced.
    const isEmitted = (rule: Rule): boolean => batch.events.some((event) => event.rule.id === rule.id);
    const standing = reply.rules.filter((rule) => !rule.lifted && !isEmitted(rule));
    const events = [...batch.events, ...standing.map((rule) => ({ type: 'ruleSet', rule }) as const)];
    await this.#enforce(events, origin, command.type === 'setRules' && (command.removesPresent ?? false));
    return reply;
  }

  /** Returns what a command would do, and changes nothing. @throws GavelError as the command documents */
  async preview(scope: AppScope, command: PolicyCommand, origin: Origin): Promise<PolicyPreview> {
    const { reply } = this.#deps.policies.decide(scope, command, origin);
    const rules = command.type === 'setRules' ? reply.rules : [];
    const bans = rules.filter((rule) => rule.kind === 'ban');
    const covered = await Promise.all(bans.map((ban) => this.#coveredBy(ban)));
    const people = new Map(covered.flat().map((person) => [person.memberId, person]));
    const streams = await Promise.all(rules.map((rule) => this.#streamsOf(rule)));
    return { rules: reply.rules, people: [...people.values()], streams: streams.flat() };
  }

  /** Schedules the ends of the stored blocks. */
  start(): void {
    this.#isStopped = false;
    for (const block of this.policies.blocks()) this.#scheduleEnd(block);
  }

  /** Cancels the timers of all blocks. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of [...this.#timers.values()]) cancel();
  }

  async #enforce(events: readonly RuleChange[], origin: Origin, removesPresent: boolean): Promise<void> {
    await Promise.all(events.map((event) => this.#enforceEvent(event, origin, removesPresent)));
  }

  async #enforceEvent({ type, rule }: RuleChange, origin: Origin, removesPresent: boolean): Promise<void> {
    switch (rule.kind) {
      case 'ban':
        if (type === 'ruleSet') await this.#enforceBan(rule, origin, removesPresent);
        return;
      case 'stream-block':
        return this.#applyBlock(rule, origin);
      case 'forbidden-stream': {
        const key = await this.#roomOf(rule, rule.streamId);
        if (key && type === 'ruleSet')
          await this.#tryExecute(key, { type: 'forbidStream', streamId: rule.streamId }, origin);
      }
    }
  }

  /** Schedules the end of a block at every node: the node that is responsible by then ends it. */
  #followEvent({ type, rule }: PolicyEvent): void {
    if (rule.kind !== 'stream-block') return;
    if (type === 'ruleSet') this.#scheduleEnd(rule);
    else this.#timers.get(timerKey(rule))?.();
  }

  /** Whether this node acts for a scope by itself, such as at the end of a block. */
  #isResponsibleFor(scope: AppScope): boolean {
    const { peers } = this.#deps;
    return !peers || peers.nodeFor(policySubject(scope)) === peers.self;
  }

  async #enforceBan(ban: Ban, origin: Origin, removesPresent: boolean): Promise<void> {
    const isRemoving = removesPresent && ban.privileges.includes('login');
    if (!isRemoving && !ban.privileges.includes('publish')) return;
    const byRoom = Map.groupBy(await this.#coveredBy(ban), ({ key }) => roomKeyText(key));
    await Promise.all(
      [...byRoom.values()].map(async (people) => {
        const [first] = people;
        const memberIds = people.map(({ memberId }) => memberId);
        const targets = [{ label: ban.id, userIds: [], memberIds }];
        const command = isRemoving
          ? ({ type: 'kick', targets, require: 'any', reason: ban.reason } as const)
          : ({ type: 'stopPublishing', memberIds } as const);
        if (first) await this.#tryExecute(first.key, command, origin);
      }),
    );
  }

  /** Returns the members and waiting users that a ban covers now. */
  async #coveredBy(ban: Ban): Promise<readonly Person[]> {
    const { appId, environment, roomId, subject } = ban;
    // Without an address, the rooms of the user are enough.
    const among = subject.addresses === undefined && subject.userId !== undefined && { userId: subject.userId };
    const filter = { ...(roomId !== undefined && { roomId }), ...among };
    const { people } = await this.#deps.bus.query({ appId, environment }, { type: 'people', ...filter });
    return people.filter((person) => covers(ban, person));
  }

  async #streamsOf(rule: Rule): Promise<PolicyPreview['streams']> {
    if (rule.kind === 'ban') return [];
    const { streamId } = rule;
    const key = await this.#roomOf(rule, streamId);
    const isMeant = key && (rule.kind === 'forbidden-stream' || rule.roomId === key.roomId);
    const isLive = isMeant && (await this.#deps.bus.query(key, { type: 'stream', streamId })).stream !== undefined;
    return isLive ? [{ ...key, streamId }] : [];
  }

  async #roomOf({ appId, environment }: AppScope, streamId: StreamId): Promise<RoomKey | undefined> {
    return (await this.#deps.bus.query({ appId, environment }, { type: 'roomOfStream', streamId })).key;
  }

  /** Releases a stream at the end of its block. If the block is set again, the earlier timer is cancelled. */
  #scheduleEnd(block: StreamBlock): void {
    const text = timerKey(block);
    this.#timers.get(text)?.();
    if (block.untilMs === undefined || this.#isStopped) return;
    const { clock, report } = this.#deps;
    const end = (): void => {
      if (!this.#isResponsibleFor(block)) return;
      this.#applyBlock(block, { channel: 'server', requestId: 'rule-ended' }).catch(report);
    };
    const keep = (cancel: () => void): void =>
      void this.#timers.set(text, () => {
        cancel();
        this.#timers.delete(text);
      });
    const cancelEnd = callAtWallTime(clock, block.untilMs, () => {
      end();
      // The responsible node may have died a moment ago, or the owner of the room: then it ends now.
      keep(
        clock.after(END_AGAIN_MS, () => {
          this.#timers.delete(text);
          end();
        }),
      );
    });
    keep(cancelEnd);
  }

  #applyBlock({ appId, environment, roomId, streamId }: StreamBlock, origin: Origin): Promise<void> {
    const key = { appId, environment, roomId };
    const blocked = this.policies.blockedKinds(key, streamId);
    return this.#tryExecute(key, { type: 'blockStream', streamId, blocked }, origin);
  }

  /** Executes a command if its room and members still exist. A room that is created later is checked against the rule then. */
  async #tryExecute(key: RoomKey, command: RoomCommand, origin: Origin): Promise<void> {
    try {
      await this.#deps.bus.call({ key, command, origin });
    } catch (error) {
      if (!isGavelError(error, 'room.not-found') && !isGavelError(error, 'room.member-not-found')) throw error;
    }
  }
}

const timerKey = (block: StreamBlock) => `${roomKeyText(block)}\n${block.streamId}`;

/**
 * The policies of all Apps: the rules in memory, which rooms ask, and their changes, which are stored before they are in
 * force (BAN-7).
 *
 * @module
 */

import { createHash, randomUUID } from 'node:crypto';
import { GavelError, type RoomKey, type StreamId } from '@gavel/protocol';
import { type AppScope, scopeText } from '../base/app-scope.ts';
import type { Clock } from '../base/clock.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import { askNext } from '../cluster/ask-next.ts';
import type { Peers } from '../cluster/peers.ts';
import { defineTopic } from '../cluster/topic.ts';
import type { Person } from '../owner/people.ts';
import type { BanPrivilege, Identity, NewBan, SetBan } from '../rooms/bans.ts';
import type { Origin } from '../rooms/commands.ts';
import type { BanningCall, RoomPolicy } from '../rooms/room-policy.ts';
import { type BlockedKinds, NOTHING_BLOCKED } from '../rooms/stream-rules.ts';
import type { PolicyBatch, PolicyCommand, PolicyEvent, PolicyReply, PolicySink } from './commands.ts';
import { decidePolicy, distinctRules, type PolicyDecision, type PolicyFacts, type RangeLimits } from './decide.ts';
import { ENDED_LISTED_MS, PolicyState } from './policy-state.ts';
import type { RuleKeeper, RuleRepository } from './repository.ts';
import { type Ban, type BanList, listOf, type StreamBlock, subjectTextOf } from './rule.ts';

/** How long a rule is stored after it was lifted or has ended, in milliseconds: 90 days. */
export const ENDED_RULES_KEPT_MS = 90 * 86_400_000;

/** A command with the id of an earlier one is a repeat of it for so long, in milliseconds: 24 hours (BUS-2). */
const REPEATED_WITHIN_MS = 86_400_000;

/** The defaults of `bans` in the configuration. */
const DEFAULT_LIMITS: RangeLimits = { minPrefixIpv4: 16, minPrefixIpv6: 32 };

/** The call that changes rules. */
interface ChangingCall extends BanningCall {
  /** A part of the reply that the caller knows already. */
  readonly covered?: readonly Person[] | undefined;
}

/** The call that changes rules, as it crosses to another node: no member is undefined (BUS-1). */
interface SentCall {
  readonly callId?: string;
  readonly commandId?: string;
  readonly covered?: readonly Person[];
  /** Whether it does nothing but change rules: its reply is stored with them. */
  readonly isWhole: boolean;
}

/** A command, for the node that decides for its scope. */
interface ChangeRequest {
  readonly scope: AppScope;
  readonly command: PolicyCommand;
  readonly origin: Origin;
  /** Another node than the caller's does not know the call: there the rules are stored alone, before the call's own rows. */
  readonly call?: SentCall;
}

const CHANGE = defineTopic<ChangeRequest, PolicyChange>('policy.change', ({ scope }) => scopeText(scope));
const CHANGED = defineTopic<PolicyBatch, null>('policy.changed', ({ scope }) => scopeText(scope));

/** Dependencies of the policies. */
export interface PoliciesDeps {
  readonly repository: RuleRepository;
  /** Stores changes of rules; default: the repository, without audit rows. */
  readonly keeper?: RuleKeeper;
  readonly clock: Clock;
  /** Default: the configuration's defaults. */
  readonly limits?: RangeLimits;
  /** Receive the events of every change, when it is stored and in force. */
  readonly sinks?: readonly PolicySink[];
  /** The nodes that have the rules in memory; by default this process alone. */
  readonly peers?: Pick<Peers, 'serve' | 'askFor' | 'tellOthers'>;
}

/** A change that is stored and in force. */
export interface PolicyChange {
  readonly batch: PolicyBatch;
  readonly reply: PolicyReply;
}

/**
 * The rules of all Apps and environments. Of several nodes, each has all rules in memory; one of them decides for a scope, and
 * a change is answered when every live node has it.
 */
export class Policies implements RoomPolicy {
  readonly #deps: PoliciesDeps;
  readonly #states = new Map<string, { readonly scope: AppScope; readonly state: PolicyState }>();
  /** Changes of one scope run sequentially, so that limits are exact and the store and the memory stay consistent. */
  readonly #changes = new KeyedQueue();

  readonly #followers = new Set<(events: readonly PolicyEvent[]) => void>();
  #changeCount = 0;

  private constructor(deps: PoliciesDeps) {
    this.#deps = deps;
    deps.peers?.serve(CHANGE, (request) => this.#changeHere(request));
    deps.peers?.serve(CHANGED, (batch) => {
      this.#evolve(batch);
      return null;
    });
  }

  /** Loads the stored rules that are in force, and those that ended within the last day. */
  static async open(deps: PoliciesDeps): Promise<Policies> {
    const { repository, clock } = deps;
    await repository.deleteEnded(clock.now() - ENDED_RULES_KEPT_MS);
    const policies = new Policies(deps);
    await policies.read();
    return policies;
  }

  /** Reads what is stored: a node of a cluster may not have been told of changes. @throws the store's error */
  async read(): Promise<void> {
    const { repository, clock } = this.#deps;
    const changes = this.#changeCount;
    const nowMs = clock.now();
    const versions = await repository.versions();
    const rules = await repository.current(nowMs - ENDED_LISTED_MS);
    // What was read may be older than what came meanwhile.
    if (changes !== this.#changeCount) return this.read();
    this.#states.clear();
    for (const { version, ...scope } of versions) this.#open(scope, version);
    for (const rule of rules) {
      const event: PolicyEvent = { type: 'ruleSet', rule, seq: rule.version, atMs: nowMs };
      this.#stateOf(rule)?.evolve(event);
      for (const follower of this.#followers) follower([event]);
    }
  }

  /**
   * Executes a command. When it resolves, the change is stored and in force; `PolicyService` also ends what it forbids.
   *
   * @param call what is known of the call; with an id, its audit row and its reply are stored with the rules (BUS-6)
   * @throws GavelError as the command documents, and the error of the store, without a change; the error of a sink
   */
  change(
    { appId, environment }: AppScope,
    command: PolicyCommand,
    origin: Origin,
    call?: ChangingCall,
  ): Promise<PolicyChange> {
    const sent = call && { call: sentCall(call, true) };
    return this.#change({ scope: { appId, environment }, command, origin, ...sent });
  }

  #change(request: ChangeRequest): Promise<PolicyChange> {
    const { peers, clock } = this.#deps;
    if (!peers) return this.#changeHere(request);
    // By its id the next node knows what it has set.
    const retry = request.call?.commandId === undefined ? undefined : request;
    return askNext({ peers, clock }, policySubject(request.scope), CHANGE, { request, retry });
  }

  #changeHere({ scope, command, origin, call }: ChangeRequest): Promise<PolicyChange> {
    return this.#changes.run(scopeText(scope), async () => {
      const identified = await this.#identify(scope, command, call?.commandId);
      const { events, reply: decided } = this.decide(scope, command, origin, identified);
      const reply = call?.covered ? { ...decided, covered: call.covered } : decided;
      const batch = { scope, origin, events };
      if (events.length === 0) return { batch, reply };
      const { repository, keeper = repository, peers } = this.#deps;
      const { callId, isWhole } = call ?? {};
      await keeper.put(
        events.map(({ rule }) => rule),
        callId === undefined ? undefined : { callId, ...(isWhole && { reply }) },
      );
      this.#evolve(batch);
      await peers?.tellOthers(scopeText(scope), CHANGED, batch);
      const results = await Promise.allSettled((this.#deps.sinks ?? []).map(async (sink) => sink.handlePolicy(batch)));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
      return { batch, reply };
    });
  }

  #evolve(batch: PolicyBatch): void {
    this.#changeCount += 1;
    const state = this.#open(batch.scope);
    for (const event of batch.events) state.evolve(event);
    for (const follower of this.#followers) follower(batch.events);
  }

  /** Returns the ids of the rules that a command sets, and what it has set before: here, or at a node that has died. */
  async #identify(
    scope: AppScope,
    command: PolicyCommand,
    commandId: string | undefined,
  ): Promise<Pick<PolicyFacts, 'ids' | 'earlier'>> {
    const ids = idsOf(command, commandId);
    if (commandId === undefined) return { ids };
    const { repository, clock } = this.#deps;
    const found = (await Promise.all(ids.map((id) => repository.find(scope, id)))).filter((rule) => rule !== undefined);
    const sinceMs = clock.now() - REPEATED_WITHIN_MS;
    const isOld = found.some(({ createdAtMs }) => createdAtMs < sinceMs);
    // By then the id of the command is that of another one.
    if (isOld) return { ids: idsOf(command) };
    return { ids, earlier: new Map(found.map((rule) => [rule.id, rule])) };
  }

  /**
   * Decides a command without a change.
   *
   * @param known the ids of new rules, and what the same command has set before; by default they are random, and it has set nothing
   * @throws GavelError as the command documents
   */
  decide(
    scope: AppScope,
    command: PolicyCommand,
    origin: Origin,
    known: Pick<PolicyFacts, 'ids' | 'earlier'> = { ids: idsOf(command) },
  ): PolicyDecision {
    return decidePolicy(this.#stateOf(scope) ?? new PolicyState(), command, {
      scope,
      nowMs: this.#deps.clock.now(),
      author: origin.actor ?? origin.channel,
      limits: this.#deps.limits ?? DEFAULT_LIMITS,
      ...known,
    });
  }

  /**
   * Calls a follower with every change from now on, also those that other nodes have decided, when it is in force here; and with
   * all rules that are in force when they are read again.
   */
  follow(follower: (events: readonly PolicyEvent[]) => void): void {
    this.#followers.add(follower);
  }

  async setBans(
    scope: AppScope,
    bans: readonly NewBan[],
    origin: Origin,
    banning?: BanningCall,
  ): Promise<readonly SetBan[]> {
    const rules = bans.map((ban) => ({ ...ban, kind: 'ban', list: 'moderation' }) as const);
    // The reply of the kick is stored with the kick.
    const call = banning && { call: sentCall(banning, false) };
    const { appId, environment } = scope;
    const command = { type: 'setRules', rules } as const;
    const { reply } = await this.#change({ scope: { appId, environment }, command, origin, ...call });
    return reply.rules.flatMap((rule) => {
      if (rule.kind !== 'ban') return [];
      const { id, createdAtMs, subject, roomId, privileges, untilMs, reason } = rule;
      const where = roomId !== undefined && { roomId };
      return { id, createdAtMs, subject, ...where, privileges, ...(untilMs !== undefined && { untilMs }), reason };
    });
  }

  checkLogin(key: RoomKey, identity: Identity): void {
    const ban = this.#findBan(key, identity, 'login');
    if (ban) throw new GavelError('login.banned', undefined, endOf(ban));
  }

  checkPublish(key: RoomKey, identity: Identity, streamId: StreamId): void {
    const ban = this.#findBan(key, identity, 'publish');
    if (ban) throw new GavelError('stream.banned', undefined, endOf(ban));
    this.checkStream(key, streamId);
  }

  checkStream(scope: AppScope, streamId: StreamId): void {
    if (this.isForbidden(scope, streamId)) throw new GavelError('stream.banned');
  }

  isForbidden(scope: AppScope, streamId: StreamId): boolean {
    return this.#stateOf(scope)?.isForbidden(streamId, this.#deps.clock.now()) ?? false;
  }

  blockedKinds(key: RoomKey, streamId: StreamId): BlockedKinds {
    return this.findBlock(key, streamId)?.blocked ?? NOTHING_BLOCKED;
  }

  /** Returns the block of a stream that is in force now. */
  findBlock(key: RoomKey, streamId: StreamId): StreamBlock | undefined {
    return this.#stateOf(key)?.findBlock(key, streamId, this.#deps.clock.now());
  }

  /** Returns the bans of a list that are in force or ended at their time within the last day, in the order they were set. */
  bans(scope: AppScope, list: BanList): readonly Ban[] {
    return this.#stateOf(scope)?.bans(list, this.#deps.clock.now()) ?? [];
  }

  /** Returns every block of a stream, in force or not, of all scopes. */
  blocks(): readonly StreamBlock[] {
    return [...this.#states.values()].flatMap(({ state }) => state.blocks());
  }

  #findBan(key: RoomKey, identity: Identity, privilege: BanPrivilege): Ban | undefined {
    return this.#stateOf(key)?.findBan(key.roomId, identity, privilege, this.#deps.clock.now());
  }

  #stateOf(scope: AppScope): PolicyState | undefined {
    return this.#states.get(scopeText(scope))?.state;
  }

  #open({ appId, environment }: AppScope, version?: number): PolicyState {
    const scope = { appId, environment };
    const text = scopeText(scope);
    const known = this.#states.get(text) ?? { scope, state: new PolicyState(version) };
    this.#states.set(text, known);
    return known.state;
  }
}

function sentCall({ callId, commandId, covered }: ChangingCall, isWhole: boolean): SentCall {
  return {
    ...(callId !== undefined && { callId }),
    ...(commandId !== undefined && { commandId }),
    ...(covered && { covered }),
    isWhole,
  };
}

/** Returns the subject of a scope's rules: the node that is responsible for it decides their changes. */
export const policySubject = (scope: AppScope): string => `policy ${scopeText(scope)}`;

/**
 * Returns an id for each rule that a command sets. A command with an id has the same ids when it is repeated, however many rules of
 * other subjects it has then.
 */
function idsOf(command: PolicyCommand, commandId?: string): readonly string[] {
  if (command.type !== 'setRules') return [];
  const rules = distinctRules(command.rules);
  if (commandId === undefined) return rules.map(() => randomUUID());
  const counts = new Map<string, number>();
  return rules.map((rule) => {
    const subject = JSON.stringify([
      listOf(rule),
      rule.kind === 'ban' ? [rule.roomId, rule.subject] : subjectTextOf(rule),
    ]);
    const count = (counts.get(subject) ?? 0) + 1;
    counts.set(subject, count);
    const hash = createHash('sha256')
      .update(JSON.stringify([commandId, subject, count]))
      .digest('hex');
    return hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  });
}

const endOf = ({ untilMs }: Ban): { readonly untilMs: number } | undefined =>
  untilMs === undefined ? undefined : { untilMs };

/**
 * Rules of one kind. All are in memory, so that a login does not wait for the store; a change is stored before it
 * takes effect.
 *
 * @module
 */

import type { Clock } from './clock.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { type KeptRule, type RuleKeeper, type World, worldText } from './rule-keeper.ts';

/** The fields of every rule. */
export interface Rule {
  /** Milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
  /** In force before this time, in milliseconds since the Unix epoch; `Infinity` if it has no end. */
  readonly untilMs: number;
}

/** Dependencies of a rule book. */
export interface RuleBookDeps {
  readonly keeper: RuleKeeper;
  readonly clock: Clock;
}

/** How the rules of a kind are named, limited and serialised. */
export interface RuleKind<T extends Rule> {
  readonly kind: string;
  /** Maximum number of rules in force in one world. */
  readonly max: number;
  /** How long an ended rule is still listed, in milliseconds; default 0. */
  readonly listedAfterEndMs?: number;
  subjectOf(rule: T): string;
  /** Converts everything except its times to JSON. */
  write(rule: T): KeptRule['definition'];
  /** Parses the output of `write`. */
  read(definition: KeptRule['definition'], times: Rule): T;
}

/** Maximum number of ended rules of one kind that are listed in one world. */
export const MAX_ENDED = 1000;

/** The rules of one kind, by world and subject. */
export class RuleBook<T extends Rule> {
  readonly #deps: RuleBookDeps;
  readonly #kind: RuleKind<T>;
  readonly #worlds = new Map<string, { readonly world: World; readonly rules: Map<string, T> }>();
  /** Changes of one world run sequentially, so that limits are exact and the store and the memory stay consistent. */
  readonly #changes = new KeyedQueue();

  constructor(deps: RuleBookDeps, kind: RuleKind<T>) {
    this.#deps = deps;
    this.#kind = kind;
  }

  /** Loads the stored rules. Must be called once, before the first login. */
  async load(): Promise<void> {
    const nowMs = this.#deps.clock.now();
    for (const kept of await this.#deps.keeper.all(this.#kind.kind)) {
      const { definition, createdAtMs, untilMs = Number.POSITIVE_INFINITY } = kept;
      if (!this.#isListed({ createdAtMs, untilMs }, nowMs)) continue;
      this.#worldOf(kept).set(kept.subject, this.#kind.read(definition, { createdAtMs, untilMs }));
    }
  }

  /** Returns the rule about a subject that is in force now. */
  find(world: World, subject: string): T | undefined {
    const rule = this.#worlds.get(worldText(world))?.rules.get(subject);
    return rule && rule.untilMs > this.#deps.clock.now() ? rule : undefined;
  }

  /**
   * Returns the rules in force now, and those that ended less than `listedAfterEndMs` ago, in the order in which they
   * were set. At most the latest `MAX_ENDED` ended rules are stored.
   */
  list(world: World): readonly T[] {
    const nowMs = this.#deps.clock.now();
    const rules = this.#worlds.get(worldText(world))?.rules.values() ?? [];
    return [...rules].filter((rule) => this.#isListed(rule, nowMs));
  }

  /** Returns every rule, with its world. */
  entries(): (readonly [World, T])[] {
    return [...this.#worlds.values()].flatMap(({ world, rules }) =>
      [...rules.values()].map((rule) => [world, rule] as const),
    );
  }

  /**
   * Adds rules. A rule replaces the one about the same subject.
   *
   * @returns false, without a change, if more than `max` rules would be in force
   */
  set(world: World, rules: readonly T[]): Promise<boolean> {
    return this.#changes.run(worldText(world), async () => {
      await this.#dropEnded(world);
      const known = this.#worldOf(world);
      const subjects = new Set(rules.map((rule) => this.#kind.subjectOf(rule)));
      const nowMs = this.#deps.clock.now();
      let inForce = subjects.size;
      for (const [subject, rule] of known) if (rule.untilMs > nowMs && !subjects.has(subject)) inForce += 1;
      if (inForce > this.#kind.max) return false;
      await this.#deps.keeper.put(rules.map((rule) => this.#keptOf(world, rule)));
      for (const rule of rules) {
        const subject = this.#kind.subjectOf(rule);
        // A rule that is set again moves to the end of the list.
        known.delete(subject);
        known.set(subject, rule);
      }
      return true;
    });
  }

  /** Ends rules; returns those that were in force. */
  delete(world: World, subjects: readonly string[]): Promise<readonly T[]> {
    return this.#changes.run(worldText(world), async () => {
      const ended = subjects.flatMap((subject) => this.find(world, subject) ?? []);
      const endedSubjects = ended.map((rule) => this.#kind.subjectOf(rule));
      await this.#deps.keeper.delete(endedSubjects.map((subject) => this.#nameOf(world, subject)));
      for (const subject of endedSubjects) this.#worldOf(world).delete(subject);
      return ended;
    });
  }

  #worldOf(world: World): Map<string, T> {
    const text = worldText(world);
    const { appId, environment } = world;
    const known = this.#worlds.get(text) ?? { world: { appId, environment }, rules: new Map<string, T>() };
    this.#worlds.set(text, known);
    return known.rules;
  }

  #isListed({ untilMs }: Rule, nowMs: number): boolean {
    return untilMs > nowMs - (this.#kind.listedAfterEndMs ?? 0);
  }

  /** Deletes ended rules that are no longer listed, and the oldest ones beyond `MAX_ENDED`. */
  async #dropEnded(world: World): Promise<void> {
    const nowMs = this.#deps.clock.now();
    const rules = this.#worldOf(world);
    const ended = [...rules].filter(([, rule]) => rule.untilMs <= nowMs);
    const listed = ended.filter(([, rule]) => this.#isListed(rule, nowMs));
    listed.sort(([, left], [, right]) => right.untilMs - left.untilMs);
    const kept = new Set(listed.slice(0, MAX_ENDED).map(([subject]) => subject));
    const dropped = ended.flatMap(([subject]) => (kept.has(subject) ? [] : subject));
    if (dropped.length === 0) return;
    await this.#deps.keeper.delete(dropped.map((subject) => this.#nameOf(world, subject)));
    for (const subject of dropped) rules.delete(subject);
  }

  #nameOf({ appId, environment }: World, subject: string) {
    return { appId, environment, kind: this.#kind.kind, subject };
  }

  #keptOf(world: World, rule: T): KeptRule {
    const { createdAtMs, untilMs } = rule;
    return {
      ...this.#nameOf(world, this.#kind.subjectOf(rule)),
      definition: this.#kind.write(rule),
      createdAtMs,
      ...(Number.isFinite(untilMs) && { untilMs }),
    };
  }
}

/**
 * The Apps of this server: those of the configuration and those created by the API, all in memory.
 *
 * @module
 */

import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { type AppId, parseAppId } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import { type Caches, OWN_CACHES } from '../cluster/shared-caches.ts';
import type { AppRecord, AppSecrets, JsonObject, PresetRecord, SecretKind, Store } from '../store/store.ts';
import type { App, Apps, CallbackUrls, RateLimit, TurnServers } from './app.ts';

/** An App as the configuration defines it. */
export interface AppDefinition {
  readonly appId: number;
  readonly name: string;
  readonly serverSecret: string;
  readonly callbackSecret: string;
  readonly callbacks?: CallbackUrls | undefined;
  readonly accountId: string;
  readonly rtkAppId: string;
  readonly allowNoToken: boolean;
  readonly rejectReplays: boolean;
  readonly turn?: TurnServers | undefined;
  readonly rateLimits?: Readonly<Record<string, RateLimit>> | undefined;
}

/** A preset that every new App gets. */
export interface PresetTemplate {
  readonly name: string;
  readonly definition: JsonObject;
}

/** The dependencies of a registry. */
export interface AppRegistryOptions {
  readonly store: Pick<Store, 'apps'>;
  readonly clock: Clock;
  /** The Apps of the configuration. Their secrets are never written to the store. */
  readonly configured: readonly AppDefinition[];
  readonly presets: readonly PresetTemplate[];
  /** Tells other nodes of changes; by default there are none. */
  readonly caches?: Caches;
}

/** Maximum number of earlier secrets of one kind of an App that are valid at a time. */
const MAX_EARLIER_SECRETS = 3;

/** 128 bits, as 32 hex digits. */
const newSecret = (): string => randomBytes(16).toString('hex');

/** The Apps by their ids. */
interface Index {
  readonly byId: Map<number, App>;
  readonly byRtkId: Map<string, App>;
}

/** Finds Apps in memory; only changes wait for the store. */
export class AppRegistry implements Apps {
  readonly #options: AppRegistryOptions;
  #index: Index = { byId: new Map(), byRtkId: new Map() };
  /** Ids in use, including those of Apps that were removed from the configuration: their meetings are kept. */
  readonly #usedIds = new Set<number>();
  /** The Apps that the configuration defines. */
  #configuredIds: ReadonlySet<number> = new Set();
  /** The Apps as the configuration defines them now. */
  #configured: readonly AppDefinition[];
  /** Changes of the Apps, one after another. */
  readonly #changes = new KeyedQueue();
  /** Resolves when the other nodes have the stored Apps. */
  readonly #announce: () => Promise<void>;

  private constructor(options: AppRegistryOptions) {
    this.#options = options;
    this.#configured = options.configured;
    this.#announce = (options.caches ?? OWN_CACHES).register('apps', () => this.configure(this.#configured));
  }

  /**
   * Loads the Apps. An App that the configuration defines for the first time gets its presets. If the configuration defines
   * an App that the API created, the configuration takes precedence.
   *
   * @throws Error if two Apps have the same id
   */
  static async open(options: AppRegistryOptions): Promise<AppRegistry> {
    const registry = new AppRegistry(options);
    await registry.configure(options.configured);
    return registry;
  }

  /**
   * Replaces the Apps of the configuration (START-4). An App that is no longer among them is not found from now on; its
   * members stay until they leave. If it fails, the same Apps are found as before.
   *
   * @throws Error if two Apps have the same id, or the store fails
   */
  configure(definitions: readonly AppDefinition[]): Promise<void> {
    return this.#changes.run('apps', () => this.#load(definitions));
  }

  /** Number of Apps. */
  get size(): number {
    return this.#index.byId.size;
  }

  find(appId: number): App | undefined {
    return this.#index.byId.get(appId);
  }

  findByRtkId(rtkAppId: string): App | undefined {
    return this.#index.byRtkId.get(rtkAppId);
  }

  ofAccount(accountId: string): readonly App[] {
    return this.all().filter((app) => app.accountId === accountId);
  }

  all(): readonly App[] {
    return [...this.#index.byId.values()];
  }

  isConfigured(appId: number): boolean {
    return this.#configuredIds.has(appId);
  }

  replaceSecret(appId: number, kind: SecretKind, overlapMs: number): Promise<App | undefined> {
    return this.#changeSecrets(appId, (app, nowMs) => replaceSecretOf(app, kind, nowMs, overlapMs));
  }

  showSecrets(appId: number): Promise<App | undefined> {
    return this.#changeSecrets(appId, (app, nowMs) =>
      app.secretsShownAtMs === undefined ? { ...secretsOf(app), secretsShownAtMs: nowMs } : undefined,
    );
  }

  /** Stores what `change` makes of the secrets of an App that the API created; undefined changes nothing. */
  async #changeSecrets(
    appId: number,
    change: (app: App, nowMs: number) => AppSecrets | undefined,
  ): Promise<App | undefined> {
    const changed = await this.#changes.run('apps', async () => {
      const app = this.#index.byId.get(appId);
      const secrets = app && !this.#configuredIds.has(appId) ? change(app, this.#now()) : undefined;
      return app && secrets && this.#storeSecrets(app, secrets);
    });
    if (changed) await this.#announce();
    return changed;
  }

  async #storeSecrets(app: App, secrets: AppSecrets): Promise<App> {
    const { rtkAppId, accountId, name, createdAtMs } = app;
    const record = { appId: app.appId, rtkAppId, accountId, name, createdAtMs };
    await this.#options.store.apps.update({ ...record, secrets });
    const next = createdApp(record, secrets);
    this.#index.byId.set(app.appId, next);
    this.#index.byRtkId.set(rtkAppId, next);
    return next;
  }

  async create(accountId: string, name: string, isShown = false): Promise<App> {
    const app = await this.#changes.run('apps', () => this.#create(accountId, name, isShown));
    await this.#announce();
    return app;
  }

  async #create(accountId: string, name: string, isShown: boolean): Promise<App> {
    const createdAtMs = this.#now();
    const shown = isShown ? { secretsShownAtMs: createdAtMs } : {};
    const secrets = { serverSecret: newSecret(), callbackSecret: newSecret(), ...shown };
    const record = { appId: this.#allocateAppId(), rtkAppId: randomUUID(), accountId, name, createdAtMs };
    await this.#add({ ...record, secrets });
    return register(this.#index, createdApp(record, secrets));
  }

  async #load(configured: readonly AppDefinition[]): Promise<void> {
    const { store } = this.#options;
    refuseDuplicates(configured);
    const index: Index = { byId: new Map(), byRtkId: new Map() };
    const records = await store.apps.all();
    const definitions = new Map(configured.map((definition) => [definition.appId, definition]));
    for (const record of records) {
      this.#usedIds.add(record.appId);
      const definition = definitions.get(record.appId);
      definitions.delete(record.appId);
      if (definition) {
        await this.#update(record, definition);
        register(index, appOf(definition, record));
      } else if (record.secrets) {
        const { secrets, ...rest } = record;
        register(index, createdApp(rest, secrets));
      }
    }
    for (const definition of definitions.values()) {
      const record = await this.#addConfigured(definition);
      this.#usedIds.add(record.appId);
      register(index, appOf(definition, record));
    }
    this.#index = index;
    this.#configured = configured;
    this.#configuredIds = new Set(configured.map(({ appId }) => appId));
  }

  /** Updates an App of the configuration that the store has from an earlier start. */
  async #update(record: AppRecord, definition: AppDefinition): Promise<void> {
    const { accountId, name, rtkAppId } = definition;
    const isSame = record.accountId === accountId && record.name === name && record.rtkAppId === rtkAppId;
    if (!isSame) await this.#options.store.apps.update({ ...record, accountId, name, rtkAppId });
  }

  /** Stores an App of the configuration. Another node that starts at the same time may have stored it first. */
  async #addConfigured(definition: AppDefinition): Promise<AppRecord> {
    const { accountId, name, rtkAppId } = definition;
    const record = { appId: requireAppId(definition.appId), rtkAppId, accountId, name, createdAtMs: this.#now() };
    try {
      await this.#add(record);
      return record;
    } catch (error) {
      const stored = (await this.#options.store.apps.all()).find(({ appId }) => appId === record.appId);
      if (!stored) throw error;
      await this.#update(stored, definition);
      return stored;
    }
  }

  #add(app: AppRecord): Promise<void> {
    const presets = this.#options.presets.map(
      (template): PresetRecord => ({
        ...template,
        id: randomUUID(),
        appId: app.appId,
        createdAtMs: app.createdAtMs,
        updatedAtMs: app.createdAtMs,
      }),
    );
    return this.#options.store.apps.add(app, presets);
  }

  #allocateAppId(): AppId {
    let appId = randomInt(1, 2 ** 32);
    while (this.#usedIds.has(appId)) appId = randomInt(1, 2 ** 32);
    this.#usedIds.add(appId);
    return requireAppId(appId);
  }

  #now(): number {
    return this.#options.clock.now();
  }
}

/** Adds an App to an index. @throws Error if another App of the index has the same `rtkAppId` */
function register({ byId, byRtkId }: Index, app: App): App {
  if (byRtkId.has(app.rtkAppId)) throw new Error(`Two Apps have the rtkAppId ${app.rtkAppId}.`);
  byId.set(app.appId, app);
  byRtkId.set(app.rtkAppId, app);
  return app;
}

function secretsOf({ serverSecret, callbackSecret, earlierSecrets, secretsShownAtMs }: App): AppSecrets {
  return {
    serverSecret,
    callbackSecret,
    ...(earlierSecrets && { earlierSecrets }),
    ...(secretsShownAtMs !== undefined && { secretsShownAtMs }),
  };
}

/** Returns the secrets of an App with a new one of a kind, and those of its kind that stay valid beside it. */
function replaceSecretOf(app: App, kind: SecretKind, nowMs: number, overlapMs: number): AppSecrets {
  const name = kind === 'server' ? 'serverSecret' : 'callbackSecret';
  const valid = (app.earlierSecrets ?? []).filter(({ validUntilMs }) => validUntilMs > nowMs);
  const replaced = overlapMs > 0 ? [{ kind, secret: app[name], validUntilMs: nowMs + overlapMs }] : [];
  const ofKind = [...replaced, ...valid.filter((each) => each.kind === kind)].slice(0, MAX_EARLIER_SECRETS);
  const earlierSecrets = [...ofKind, ...valid.filter((each) => each.kind !== kind)];
  return { ...secretsOf(app), [name]: newSecret(), earlierSecrets };
}

/** Returns an App that the API created: with the default settings. */
function createdApp(record: Omit<AppRecord, 'secrets'>, secrets: AppSecrets): App {
  return { ...record, ...secrets, allowNoToken: false, rejectReplays: false, rateLimits: {} };
}

function appOf(definition: AppDefinition, record: AppRecord): App {
  const { rateLimits = {}, callbacks, turn, ...rest } = definition;
  const optional = { ...(callbacks && { callbacks }), ...(turn && { turn }) };
  return { ...rest, ...optional, rateLimits, appId: record.appId, createdAtMs: record.createdAtMs };
}

function requireAppId(value: number): AppId {
  const appId = parseAppId(value);
  if (appId === undefined) throw new Error(`${value} is not an App id: an App id is an integer from 1 to 4294967295.`);
  return appId;
}

function refuseDuplicates(definitions: readonly AppDefinition[]): void {
  for (const key of ['appId', 'rtkAppId'] as const) {
    const seen = new Set<string | number>();
    for (const definition of definitions) {
      if (seen.has(definition[key])) throw new Error(`Two Apps have the ${key} ${definition[key]}.`);
      seen.add(definition[key]);
    }
  }
}

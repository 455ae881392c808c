/**
 * Webhooks: the registrations of all Apps, in memory, and the deliveries to them through the outbox (RTK-12).
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { type AppId, roomKeyText } from '@gavel/protocol';
import { type Apps, validCallbackSecretsOf } from '../../apps/app.ts';
import type { Clock } from '../../base/clock.ts';
import type { CallbackDialect } from '../../callbacks/dialect.ts';
import { standardWebhookHeaders } from '../../callbacks/standard-webhooks.ts';
import { type Caches, OWN_CACHES } from '../../cluster/shared-caches.ts';
import type { NewOutboxRecord } from '../../store/outbox.ts';
import type { Store } from '../../store/store.ts';
import type { WebhookFacts, WebhookRecord } from '../../store/webhooks.ts';
import type { ChatLinks } from '../chat/chat-links.ts';
import { isoTime } from '../envelope.ts';
import { roomOf } from '../session.ts';
import type { LiveSession, SessionNews } from '../sessions/session-news.ts';
import { payloadOf, TEST_EVENT } from './events.ts';
import { WebhookSigner } from './signer.ts';

/** The dependencies of webhooks. */
export interface WebhooksDeps {
  readonly store: Pick<Store, 'webhooks' | 'signingKeys'>;
  readonly apps: Pick<Apps, 'find'>;
  readonly clock: Clock;
  readonly chatLinks: Pick<ChatLinks, 'of'>;
  /** Tells other nodes of changes; by default there are none. */
  readonly caches?: Caches;
}

/** Stored with each callback; never changes. */
const DIALECT = 'realtimekit';

/** Registrations, and the deliveries to their addresses. */
export class Webhooks {
  /** How deliveries are signed and retried. `write` returns nothing: `deliveriesOf` creates the deliveries of a session's events. */
  readonly dialect: CallbackDialect;
  readonly #signer: WebhookSigner;
  readonly #deps: WebhooksDeps;
  #byApp: Map<AppId, Map<string, WebhookRecord>> = new Map();
  /** Resolves when the other nodes have the stored registrations. */
  readonly #announce: () => Promise<void>;

  private constructor(deps: WebhooksDeps) {
    this.#deps = deps;
    this.#announce = (deps.caches ?? OWN_CACHES).register('realtimekit.webhooks', () => this.#load());
    const signer = new WebhookSigner(deps);
    this.#signer = signer;
    this.dialect = {
      name: DIALECT,
      retryDelaysMs: [2_000, 4_000, 8_000, 16_000, 32_000],
      serves: () => false,
      write: () => [],
      headersOf: async (app, record, nowMs) => ({
        ...standardWebhookHeaders(validCallbackSecretsOf(app, nowMs), record, nowMs),
        'rtk-signature': await signer.sign(record.body),
        'rtk-uuid': record.id,
        'rtk-webhook-id': webhookIdOf(record.lane),
      }),
    };
  }

  /** Loads the registrations. */
  static async open(deps: WebhooksDeps): Promise<Webhooks> {
    const webhooks = new Webhooks(deps);
    await webhooks.#load();
    return webhooks;
  }

  /** Returns the public key for verifying deliveries: SPKI, PEM. */
  publicKey(): Promise<string> {
    return this.#signer.publicKey();
  }

  /** Returns the registrations of an App, oldest first. */
  ofApp(appId: AppId): readonly WebhookRecord[] {
    return [...(this.#byApp.get(appId)?.values() ?? [])];
  }

  /** Returns a registration of an App. */
  find(appId: AppId, id: string): WebhookRecord | undefined {
    return this.#byApp.get(appId)?.get(id);
  }

  /** Adds a registration; returns undefined if the App already has one with that address. */
  async add(appId: AppId, facts: Omit<WebhookFacts, 'updatedAtMs'>): Promise<WebhookRecord | undefined> {
    const nowMs = this.#deps.clock.now();
    const record = { ...facts, id: randomUUID(), appId, createdAtMs: nowMs, updatedAtMs: nowMs };
    return (await this.#deps.store.webhooks.add(record)) ? this.#change(record) : undefined;
  }

  /** Changes a registration; returns undefined if it does not exist, `taken` if another one of the App has the address. */
  async update(
    appId: AppId,
    id: string,
    facts: Partial<Omit<WebhookFacts, 'updatedAtMs'>>,
  ): Promise<WebhookRecord | 'taken' | undefined> {
    const { store, clock } = this.#deps;
    const change = (before: WebhookRecord): WebhookFacts => ({ ...before, ...facts, updatedAtMs: clock.now() });
    const changed = await store.webhooks.update(appId, id, change);
    return changed === undefined || changed === 'taken' ? changed : this.#change(changed);
  }

  /** Removes a registration and returns it. Pending deliveries to its address are still sent. */
  async delete(appId: AppId, id: string): Promise<WebhookRecord | undefined> {
    const deleted = await this.#deps.store.webhooks.delete(appId, id);
    this.#byApp.get(appId)?.delete(id);
    await this.#announce();
    return deleted;
  }

  /** Returns a delivery of each news item of a session for every registration that wants it. */
  deliveriesOf(session: LiveSession, news: readonly SessionNews[]): NewOutboxRecord[] {
    const app = this.#deps.apps.find(session.appId);
    const enabled = this.ofApp(session.appId).filter((webhook) => webhook.enabled);
    if (!app || enabled.length === 0) return [];
    const lane = roomKeyText(roomOf(app.appId, session.meetingId));
    return news.flatMap((each) => {
      const payload = payloadOf(app, session, each, this.#deps.chatLinks);
      const body = JSON.stringify(payload);
      return enabled
        .filter(({ events }) => events.includes(payload.event))
        .map((webhook) => this.#recordOf(webhook, lane, payload.event, body));
    });
  }

  /** Returns a test delivery for a registration, enabled or not. */
  testDeliveryOf(webhook: WebhookRecord): NewOutboxRecord {
    const sentAt = isoTime(this.#deps.clock.now());
    const body = JSON.stringify({ event: TEST_EVENT, webhook: { id: webhook.id, name: webhook.name }, sentAt });
    return this.#recordOf(webhook, 'test', TEST_EVENT, body);
  }

  #recordOf({ id, appId, url }: WebhookRecord, lane: string, event: string, body: string): NewOutboxRecord {
    const createdAtMs = this.#deps.clock.now();
    // The lane contains the registration's id, so that a delivery has it after a restart or the registration's removal.
    return { id: randomUUID(), appId, dialect: DIALECT, event, url, lane: `${lane} ${id}`, body, createdAtMs };
  }

  async #change(record: WebhookRecord): Promise<WebhookRecord> {
    cache(this.#byApp, record);
    await this.#announce();
    return record;
  }

  async #load(): Promise<void> {
    const byApp = new Map<AppId, Map<string, WebhookRecord>>();
    for (const record of await this.#deps.store.webhooks.all()) cache(byApp, record);
    this.#byApp = byApp;
  }
}

function cache(byApp: Map<AppId, Map<string, WebhookRecord>>, record: WebhookRecord): void {
  const ofApp = byApp.get(record.appId) ?? new Map<string, WebhookRecord>();
  ofApp.set(record.id, record);
  byApp.set(record.appId, ofApp);
}

const webhookIdOf = (lane: string): string => lane.slice(lane.lastIndexOf(' ') + 1);

/**
 * Registrations of webhooks: which address of an App is told of which events.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';

/** A registration. */
export interface WebhookRecord {
  readonly id: string;
  readonly appId: AppId;
  readonly name: string;
  /** Unique in the App. */
  readonly url: string;
  readonly events: readonly string[];
  readonly enabled: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** What of a registration can be changed. */
export type WebhookFacts = Pick<WebhookRecord, 'name' | 'url' | 'events' | 'enabled' | 'updatedAtMs'>;

/** Stores registrations. */
export interface WebhookRepository {
  /** Returns false and adds nothing if the App has a registration of that address. */
  add(webhook: WebhookRecord): Promise<boolean>;
  /** Those of all Apps, oldest first. */
  all(): Promise<readonly WebhookRecord[]>;
  /**
   * Changes a registration, with nothing between reading and writing; undefined if there is none, `taken` (and
   * nothing changed) where another one of the App has the new address.
   */
  update(
    appId: AppId,
    id: string,
    change: (webhook: WebhookRecord) => WebhookFacts,
  ): Promise<WebhookRecord | 'taken' | undefined>;
  /** Removes a registration and returns what it was; undefined if there is none. */
  delete(appId: AppId, id: string): Promise<WebhookRecord | undefined>;
}

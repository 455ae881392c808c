/**
 * Registrations of webhooks: which address of an App receives which events.
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

/** The fields of a registration that can be changed. */
export type WebhookFacts = Pick<WebhookRecord, 'name' | 'url' | 'events' | 'enabled' | 'updatedAtMs'>;

/** Stores registrations. */
export interface WebhookRepository {
  /** Returns false and adds nothing if the App has a registration with that address. */
  add(webhook: WebhookRecord): Promise<boolean>;
  /** Returns the registrations of all Apps, oldest first. */
  all(): Promise<readonly WebhookRecord[]>;
  /**
   * Changes a registration atomically. Returns undefined if there is none, or `taken`, without a change, if another one of
   * the App has the new address.
   */
  update(
    appId: AppId,
    id: string,
    change: (webhook: WebhookRecord) => WebhookFacts,
  ): Promise<WebhookRecord | 'taken' | undefined>;
  /** Removes a registration and returns it; undefined if there is none. */
  delete(appId: AppId, id: string): Promise<WebhookRecord | undefined>;
}

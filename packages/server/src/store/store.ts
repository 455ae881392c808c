/**
 * The store: what must outlive the process. Rooms are not in it; they are soft state.
 *
 * Every implementation keeps the promises of `store-contract.test.ts`. A call that fails throws; it never answers as if
 * there was nothing.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { EndedTicketKeeper } from '../rooms/ended-tickets.ts';
import type { RuleKeeper } from '../rooms/rule-keeper.ts';
import type { ChatRepository } from './chat.ts';
import type { NonceRepository } from './nonces.ts';
import type { OutboxRepository } from './outbox.ts';
import type { SessionRepository } from './sessions.ts';
import type { WebhookRepository } from './webhooks.ts';

/** A JSON value that its own door alone understands. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The part of a list that is wanted. */
export interface Page {
  /** How many items to leave out at the beginning. */
  readonly offset: number;
  /** Most items to give; 0 only counts. */
  readonly limit: number;
}

/** A part of a list. */
export interface Paged<T> {
  readonly items: readonly T[];
  /** How many items there are on all pages. */
  readonly totalCount: number;
}

/** An App as it is kept. */
export interface AppRecord {
  readonly appId: AppId;
  readonly rtkAppId: string;
  readonly accountId: string;
  readonly name: string;
  readonly createdAtMs: number;
  /** Absent if the App is defined by the configuration: its keys are there and nowhere else. */
  readonly secrets?: { readonly serverSecret: string; readonly callbackSecret: string };
}

/** Stores Apps. */
export interface AppRepository {
  /** Adds an App together with its first presets, both or none. @throws if one of its ids is taken */
  add(app: AppRecord, presets: readonly PresetRecord[]): Promise<void>;
  /** Replaces everything but the App id and the time of creation. */
  update(app: AppRecord): Promise<void>;
  /** All Apps, in the order in which they were added. */
  all(): Promise<readonly AppRecord[]>;
}

/** A Bearer token of the API. The token itself is not kept. */
export interface ApiTokenRecord {
  /** SHA-256 of the token, 64 lowercase hex digits. */
  readonly tokenHash: string;
  readonly name: string;
  readonly accountId: string;
  /** The Apps it is good for; absent is all of the account. */
  readonly rtkAppIds?: readonly string[];
  readonly createdAtMs: number;
}

/** Stores API tokens. */
export interface ApiTokenRepository {
  /** Returns false and adds nothing if the account has a token of that name. */
  add(token: ApiTokenRecord): Promise<boolean>;
  findByHash(tokenHash: string): Promise<ApiTokenRecord | undefined>;
  /** The tokens of an account, in the order in which they were added. */
  ofAccount(accountId: string): Promise<readonly ApiTokenRecord[]>;
  /** Voids a token; false if there is none. */
  delete(tokenHash: string): Promise<boolean>;
}

/** A lasting room that sessions are held in. */
export interface MeetingRecord {
  readonly id: string;
  readonly appId: AppId;
  readonly title: string | null;
  readonly status: 'ACTIVE' | 'INACTIVE';
  /** What its door was told of it. */
  readonly settings: JsonObject;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Which meetings a list has. */
export interface MeetingFilter {
  readonly status?: MeetingRecord['status'];
  /** Part of the title, whatever the case of ASCII letters, or the whole id. */
  readonly search?: string;
  /** Created at this time or later, in milliseconds since the Unix epoch. */
  readonly fromMs?: number;
  /** Created at this time or earlier. */
  readonly untilMs?: number;
}

/** Stores meetings. */
export interface MeetingRepository {
  add(meeting: MeetingRecord): Promise<void>;
  find(appId: AppId, id: string): Promise<MeetingRecord | undefined>;
  /** Newest first. */
  list(appId: AppId, filter: MeetingFilter, page: Page): Promise<Paged<MeetingRecord>>;
  /** Changes a meeting, with nothing between reading and writing; undefined if there is none. */
  update(
    appId: AppId,
    id: string,
    change: (meeting: MeetingRecord) => Pick<MeetingRecord, 'title' | 'status' | 'settings' | 'updatedAtMs'>,
  ): Promise<MeetingRecord | undefined>;
}

/** The permission of one person for one meeting. */
export interface ParticipantRecord {
  readonly id: string;
  readonly meetingId: string;
  /** The customer's own key of the person; several participants may have the same. */
  readonly customId: string;
  readonly presetId: string;
  readonly name: string | null;
  readonly picture: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** A participant with the name that its preset has now. */
export interface Participant extends ParticipantRecord {
  readonly presetName: string;
}

/** Stores participants. */
export interface ParticipantRepository {
  /** @throws if the meeting or the preset does not exist */
  add(participant: ParticipantRecord): Promise<void>;
  find(meetingId: string, id: string): Promise<Participant | undefined>;
  /** Those of a meeting that have one of the ids, in no order. */
  findByIds(meetingId: string, ids: readonly string[]): Promise<readonly Participant[]>;
  /** Those of a meeting that have one of the custom ids, in no order. */
  findByCustomIds(meetingId: string, customIds: readonly string[]): Promise<readonly Participant[]>;
  /** Newest first. */
  list(meetingId: string, page: Page): Promise<Paged<Participant>>;
  /** Changes a participant, with nothing between reading and writing; undefined if there is none. */
  update(
    meetingId: string,
    id: string,
    change: (
      participant: Participant,
    ) => Pick<ParticipantRecord, 'customId' | 'name' | 'picture' | 'presetId' | 'updatedAtMs'>,
  ): Promise<Participant | undefined>;
  /** Removes a participant and returns what it was; undefined if there is none. */
  delete(meetingId: string, id: string): Promise<Participant | undefined>;
}

/** A named bundle of settings and permissions. */
export interface PresetRecord {
  readonly id: string;
  readonly appId: AppId;
  /** Unique in the App. */
  readonly name: string;
  readonly definition: JsonObject;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Stores presets. */
export interface PresetRepository {
  /** Returns false and adds nothing if the App has a preset of that name. */
  add(preset: PresetRecord): Promise<boolean>;
  find(appId: AppId, id: string): Promise<PresetRecord | undefined>;
  findByName(appId: AppId, name: string): Promise<PresetRecord | undefined>;
  /** Newest first. `search` is part of the name, whatever the case of ASCII letters. */
  list(appId: AppId, search: string | undefined, page: Page): Promise<Paged<PresetRecord>>;
  /**
   * Changes a preset, with nothing between reading and writing; undefined if there is none, `taken` (and nothing
   * changed) where another preset of the App has the new name. What `change` throws comes through.
   */
  update(
    appId: AppId,
    id: string,
    change: (preset: PresetRecord) => Pick<PresetRecord, 'name' | 'definition' | 'updatedAtMs'>,
  ): Promise<PresetRecord | 'taken' | undefined>;
  /** Removes a preset and returns what it was; undefined if there is none, `in use` where a participant has it. */
  delete(appId: AppId, id: string): Promise<PresetRecord | 'in use' | undefined>;
}

/** A key pair that the server signs with. */
export interface SigningKeyRecord {
  /** What it signs; there is one key pair for each purpose. */
  readonly purpose: string;
  readonly keyId: string;
  /** PKCS #8, PEM. */
  readonly privateKey: string;
  /** SPKI, PEM. */
  readonly publicKey: string;
  readonly createdAtMs: number;
}

/** Stores key pairs. */
export interface SigningKeyRepository {
  find(purpose: string): Promise<SigningKeyRecord | undefined>;
  /** Stores the pair unless there is one of that purpose already, and gives the one that is kept. */
  addUnlessPresent(key: SigningKeyRecord): Promise<SigningKeyRecord>;
}

/** Everything that is kept. */
export interface Store {
  readonly apps: AppRepository;
  readonly apiTokens: ApiTokenRepository;
  readonly meetings: MeetingRepository;
  readonly participants: ParticipantRepository;
  readonly presets: PresetRepository;
  readonly signingKeys: SigningKeyRepository;
  readonly outbox: OutboxRepository;
  readonly nonces: NonceRepository;
  readonly rules: RuleKeeper;
  readonly endedTickets: EndedTicketKeeper;
  readonly sessions: SessionRepository;
  readonly chat: ChatRepository;
  readonly webhooks: WebhookRepository;
  /** Asks the database for a sign of life. @throws where it gives none */
  ping(): Promise<void>;
  /** Lets go of the database; no call may follow. */
  close(): Promise<void>;
}

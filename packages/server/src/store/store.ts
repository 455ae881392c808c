/**
 * The store: data that must survive the process. Rooms are not stored; they exist only in memory.
 *
 * Every implementation passes `store-contract.test.ts`. A call that fails throws; a failure never looks like an empty
 * result.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { RuleRepository } from '../policy/repository.ts';
import type { EndedTicketRepository } from '../rooms/ended-tickets.ts';
import type { AdminTokenRepository } from './admin-tokens.ts';
import type { AuditRepository } from './audit.ts';
import type { ChatRepository } from './chat.ts';
import type { FileRepository } from './files.ts';
import type { JournalRepository } from './journal.ts';
import type { NonceRepository } from './nonces.ts';
import type { OutboxRepository } from './outbox.ts';
import type { SessionRepository } from './sessions.ts';
import type { WebhookRepository } from './webhooks.ts';

/** A JSON object that only its own door interprets. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The requested part of a list. */
export interface Page {
  /** Number of items to skip at the start. */
  readonly offset: number;
  /** Maximum number of items to return; 0 only counts. */
  readonly limit: number;
}

/** A part of a list. */
export interface Paged<T> {
  readonly items: readonly T[];
  /** Number of items on all pages. */
  readonly totalCount: number;
}

/** A stored App. */
export interface AppRecord {
  readonly appId: AppId;
  readonly rtkAppId: string;
  readonly accountId: string;
  readonly name: string;
  readonly createdAtMs: number;
  /** Absent if the App is defined by the configuration, which then holds its keys. */
  readonly secrets?: AppSecrets;
}

/** The secrets of an App that the API created. */
export interface AppSecrets {
  readonly serverSecret: string;
  readonly callbackSecret: string;
  /** Secrets that were replaced and may still be valid, the latest first. */
  readonly earlierSecrets?: readonly EarlierSecret[];
  /** When an owner was shown both secrets; absent if nobody was. */
  readonly secretsShownAtMs?: number;
}

/** The secrets of an App: one signs API calls and login tokens, the other callbacks. */
export type SecretKind = 'server' | 'callback';

/** A secret that was replaced, and is valid beside its successor for some time. */
export interface EarlierSecret {
  readonly kind: SecretKind;
  readonly secret: string;
  /** Valid before this time, in milliseconds since the Unix epoch. */
  readonly validUntilMs: number;
}

/** Stores Apps. */
export interface AppRepository {
  /** Adds an App together with its first presets, both or none. @throws if one of its ids exists */
  add(app: AppRecord, presets: readonly PresetRecord[]): Promise<void>;
  /** Replaces all fields except the App id and the time of creation. */
  update(app: AppRecord): Promise<void>;
  /** Returns all Apps, in the order in which they were added. */
  all(): Promise<readonly AppRecord[]>;
}

/** A Bearer token of the API. The token itself is not stored. */
export interface ApiTokenRecord {
  /** SHA-256 of the token, 64 lowercase hex digits. */
  readonly tokenHash: string;
  readonly name: string;
  readonly accountId: string;
  /** The Apps that it may access; absent for all of the account. */
  readonly rtkAppIds?: readonly string[];
  readonly createdAtMs: number;
}

/** Stores API tokens. */
export interface ApiTokenRepository {
  /** Returns false and adds nothing if the account has a token with that name. */
  add(token: ApiTokenRecord): Promise<boolean>;
  findByHash(tokenHash: string): Promise<ApiTokenRecord | undefined>;
  /** Returns the tokens of an account, in the order in which they were added. */
  ofAccount(accountId: string): Promise<readonly ApiTokenRecord[]>;
  /** Deletes a token, which makes it invalid; returns false if there is none. */
  delete(tokenHash: string): Promise<boolean>;
}

/** A persistent room in which sessions take place. */
export interface MeetingRecord {
  readonly id: string;
  readonly appId: AppId;
  readonly title: string | null;
  readonly status: 'ACTIVE' | 'INACTIVE';
  /** Its door's settings of the meeting. */
  readonly settings: JsonObject;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Selects meetings. */
export interface MeetingFilter {
  readonly status?: MeetingRecord['status'];
  /** Part of the title, ignoring the case of ASCII letters, or the whole id. */
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
  /** Changes a meeting atomically; returns undefined if there is none. */
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
  /** The customer's own id of the person; several participants may have the same. */
  readonly customId: string;
  readonly presetId: string;
  readonly name: string | null;
  readonly picture: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** A participant with the current name of its preset. */
export interface Participant extends ParticipantRecord {
  readonly presetName: string;
}

/** Stores participants. */
export interface ParticipantRepository {
  /** @throws if the meeting or the preset does not exist */
  add(participant: ParticipantRecord): Promise<void>;
  find(meetingId: string, id: string): Promise<Participant | undefined>;
  /** Returns the participants of a meeting with one of the ids, in no particular order. */
  findByIds(meetingId: string, ids: readonly string[]): Promise<readonly Participant[]>;
  /** Returns the participants of a meeting with one of the custom ids, in no particular order. */
  findByCustomIds(meetingId: string, customIds: readonly string[]): Promise<readonly Participant[]>;
  /** Newest first. */
  list(meetingId: string, page: Page): Promise<Paged<Participant>>;
  /** Changes a participant atomically; returns undefined if there is none. */
  update(
    meetingId: string,
    id: string,
    change: (
      participant: Participant,
    ) => Pick<ParticipantRecord, 'customId' | 'name' | 'picture' | 'presetId' | 'updatedAtMs'>,
  ): Promise<Participant | undefined>;
  /** Removes a participant and returns it; undefined if there is none. */
  delete(meetingId: string, id: string): Promise<Participant | undefined>;
}

/** A named set of settings and permissions. */
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
  /** Returns false and adds nothing if the App has a preset with that name. */
  add(preset: PresetRecord): Promise<boolean>;
  find(appId: AppId, id: string): Promise<PresetRecord | undefined>;
  findByName(appId: AppId, name: string): Promise<PresetRecord | undefined>;
  /** Newest first. `search` is part of the name, ignoring the case of ASCII letters. */
  list(appId: AppId, search: string | undefined, page: Page): Promise<Paged<PresetRecord>>;
  /**
   * Changes a preset atomically. Returns undefined if there is none, or `taken`, without a change, if another preset of the
   * App has the new name. Errors of `change` are passed on.
   */
  update(
    appId: AppId,
    id: string,
    change: (preset: PresetRecord) => Pick<PresetRecord, 'name' | 'definition' | 'updatedAtMs'>,
  ): Promise<PresetRecord | 'taken' | undefined>;
  /** Removes a preset and returns it; undefined if there is none, `in use` if a participant has it. */
  delete(appId: AppId, id: string): Promise<PresetRecord | 'in use' | undefined>;
}

/** A key pair that the server signs with. */
export interface SigningKeyRecord {
  /** What the pair signs; there is one key pair per purpose. */
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
  /** Stores the pair unless there is one for its purpose; returns the stored pair. */
  addUnlessPresent(key: SigningKeyRecord): Promise<SigningKeyRecord>;
}

/** All repositories of the store. */
export interface Store {
  readonly apps: AppRepository;
  readonly apiTokens: ApiTokenRepository;
  readonly adminTokens: AdminTokenRepository;
  readonly meetings: MeetingRepository;
  readonly participants: ParticipantRepository;
  readonly presets: PresetRepository;
  readonly signingKeys: SigningKeyRepository;
  readonly journal: JournalRepository;
  readonly audit: AuditRepository;
  readonly outbox: OutboxRepository;
  readonly nonces: NonceRepository;
  readonly rules: RuleRepository;
  readonly endedTickets: EndedTicketRepository;
  readonly sessions: SessionRepository;
  readonly chat: ChatRepository;
  readonly files: FileRepository;
  readonly webhooks: WebhookRepository;
  /** Checks that the database answers. @throws if it does not */
  ping(): Promise<void>;
  /** Closes the database; no call may follow. */
  close(): Promise<void>;
}

/**
 * The tables as Kysely types; each engine's migrations create the columns.
 *
 * @module
 */

import type { AppId, Environment } from '@gavel/protocol';
import type { AdminRole } from '@gavel/protocol/admin';
import type { Generated } from 'kysely';
import type { Rule } from '../../policy/rule.ts';
import type { AuditOutcome, AuditRow } from '../audit.ts';
import type { SessionChat, SessionEnd } from '../sessions.ts';

/** Ascending with each row: the order of a list when times are equal. */
type Sequence = Generated<number>;

/** Apps, with their keys unless the configuration contains them. */
export interface AppsTable {
  seq: Sequence;
  app_id: AppId;
  rtk_app_id: string;
  account_id: string;
  name: string;
  server_secret: string | null;
  callback_secret: string | null;
  /** A JSON array; null if there are none. */
  earlier_secrets: string | null;
  secrets_shown_at_ms: number | null;
  created_at_ms: number;
}

/** Bearer tokens, by their hash. */
export interface ApiTokensTable {
  seq: Sequence;
  token_hash: string;
  name: string;
  account_id: string;
  /** A JSON array, or null for all Apps of the account. */
  rtk_app_ids: string | null;
  created_at_ms: number;
}

/** Tokens of the admin API, by their hash. */
export interface AdminTokensTable {
  seq: Sequence;
  token_hash: string;
  name: string;
  role: AdminRole;
  /** A JSON array, or null for all Apps. */
  app_ids: string | null;
  created_by: string;
  created_at_ms: number;
  expires_at_ms: number | null;
}

/** Presets. */
export interface PresetsTable {
  seq: Sequence;
  id: string;
  app_id: AppId;
  name: string;
  /** JSON. */
  definition: string;
  created_at_ms: number;
  updated_at_ms: number;
}

/** Meetings. */
export interface MeetingsTable {
  seq: Sequence;
  id: string;
  app_id: AppId;
  title: string | null;
  status: 'ACTIVE' | 'INACTIVE';
  /** JSON. */
  settings: string;
  created_at_ms: number;
  updated_at_ms: number;
  /** A trigger of the database updates it. */
  participant_count: Generated<number>;
}

/** Participants. */
export interface ParticipantsTable {
  seq: Sequence;
  id: string;
  meeting_id: string;
  custom_id: string;
  preset_id: string;
  name: string | null;
  picture: string | null;
  created_at_ms: number;
  updated_at_ms: number;
}

/** Key pairs, one per purpose. */
export interface SigningKeysTable {
  purpose: string;
  key_id: string;
  private_key: string;
  public_key: string;
  created_at_ms: number;
}

/** Callbacks that are pending, and those that failed permanently. */
export interface OutboxTable {
  seq: Sequence;
  id: string;
  app_id: AppId;
  dialect: string;
  event: string;
  url: string;
  lane: string;
  body: string;
  created_at_ms: number;
  attempts: number;
  next_attempt_at_ms: number;
  /** Null while it is pending. */
  failed_at_ms: number | null;
  last_status: number | null;
  last_error: string | null;
  /** The node that sends it. */
  owner: Generated<string>;
}

/** Rules: bans, blocks of streams, forbidden streams. */
export interface PolicyRulesTable {
  id: string;
  app_id: AppId;
  environment: Environment;
  version: number;
  kind: Rule['kind'];
  /** JSON: the fields that depend on the kind. */
  definition: string;
  author: string;
  reason: string;
  created_at_ms: number;
  until_ms: number | null;
  lifted_at_ms: number | null;
  lifted_by: string | null;
  lift_reason: string | null;
}

/** Sessions. */
export interface SessionsTable {
  seq: Sequence;
  id: string;
  app_id: AppId;
  meeting_id: string;
  title: string;
  started_at_ms: number;
  /** Null while it is active. */
  ended_at_ms: number | null;
  end_reason: SessionEnd | null;
  live_count: number;
  /** The sum, over all current connections, of the time from the session's start to their own. */
  live_from_ms: number;
  peak_count: number;
  user_count: number;
  /** Total milliseconds of the ended connections. */
  ended_ms: number;
  updated_at_ms: number;
  seen_at_ms: number;
  /** Null if no message is stored. */
  chat: SessionChat | null;
  /** The node whose rooms continue it. */
  owner: Generated<string>;
}

/** The chat messages of sessions. */
export interface SessionChatTable {
  session_id: string;
  id: string;
  user_id: string;
  name: string;
  text: string;
  /** JSON; null where the message is its text. */
  content: string | null;
  /** 0 or 1. */
  is_pinned: number;
  /** 0 or 1. */
  is_edited: number;
  sent_at_ms: number;
}

/** Connections in sessions. */
export interface SessionPeersTable {
  seq: Sequence;
  id: string;
  session_id: string;
  user_id: string;
  custom_id: string;
  name: string;
  preset_name: string;
  view_type: string | null;
  joined_at_ms: number;
  /** Null while it is connected. */
  left_at_ms: number | null;
}

/** Registrations of webhooks. */
export interface WebhooksTable {
  seq: Sequence;
  id: string;
  app_id: AppId;
  name: string;
  url: string;
  /** A JSON array. */
  events: string;
  /** 0 or 1. */
  enabled: number;
  created_at_ms: number;
  updated_at_ms: number;
}

/** Used nonces. */
export interface NoncesTable {
  seq: Sequence;
  app_id: AppId;
  digest: string;
  valid_until_s: number;
}

/** Lives of rooms that have not ended, of Apps with callbacks. */
export interface LiveRoomsTable {
  app_id: AppId;
  environment: Environment;
  room_id: string;
  /** A decimal number above 2^53. */
  epoch: string;
  user_seq: number;
  stream_seq: number;
  /** The node that has the room. */
  owner: Generated<string>;
}

/** Members and streams of those rooms. */
export interface LiveEntriesTable {
  seq: Sequence;
  /** The member's id, or that of the publish. */
  id: string;
  app_id: AppId;
  environment: Environment;
  room_id: string;
  kind: 'member' | 'stream';
  /** JSON. */
  definition: string;
}

/** Why clients were permanently removed. */
export interface EndedTicketsTable {
  scope: string;
  /** Decimal digits; null, like `seq`, if all tickets of the scope are ended. */
  epoch: string | null;
  seq: number | null;
  cause: string;
  reason: string;
  ended_at_ms: number;
}

/** Values that are fixed once for a database. */
export interface ServerFactsTable {
  name: string;
  value: string;
}

/** The audit trail. A trigger of the database refuses changes of its rows. */
export interface AuditTable {
  seq: Sequence;
  id: string;
  term: number;
  at_ms: number;
  app_id: AppId;
  environment: Environment;
  /** Null if the command concerns the whole App. */
  room_id: string | null;
  door: AuditRow['door'];
  actor: string;
  role: string;
  request_id: string;
  action: string;
  reason: string;
  /** A JSON array. */
  targets: string;
  /** JSON. */
  details: string;
  outcome: AuditOutcome;
  error_code: string | null;
}

/** Replies of commands with an id. */
export interface CommandRepliesTable {
  command_id: string;
  fingerprint: string;
  /** JSON. */
  reply: string;
  done_at_ms: number;
}

/** Files of chat messages. */
export interface ChatFilesTable {
  file_id: string;
  app_id: AppId;
  environment: Environment;
  room_id: string;
  user_id: string;
  name: string;
  media_type: string;
  size: number;
  created_at_ms: number;
  /** Of the stored message that has the file, as `message_id`; null where none has. */
  session_id: string | null;
  message_id: string | null;
  /** 0 or 1. */
  is_orphan: number;
}

/** The nodes of a cluster; in PostgreSQL only. Its queries are in SQL, because they need the database's clock. */
export interface NodeTable {
  id: string;
  incarnation: number;
  addresses: string;
  load: number;
}

/** The owners of rooms; in PostgreSQL only. */
export interface RoomOwnerTable {
  app_id: AppId;
  environment: Environment;
  room_id: string;
  /** Null, like `incarnation`, if the room was given up. */
  node: string | null;
  incarnation: number | null;
  term: number;
  /** The last life of the room whose end is stored, as JSON. */
  ended_life: string | null;
}

/** All tables. */
export interface Tables {
  apps: AppsTable;
  api_tokens: ApiTokensTable;
  admin_tokens: AdminTokensTable;
  presets: PresetsTable;
  meetings: MeetingsTable;
  participants: ParticipantsTable;
  signing_keys: SigningKeysTable;
  outbox: OutboxTable;
  policy_rules: PolicyRulesTable;
  sessions: SessionsTable;
  session_peers: SessionPeersTable;
  session_chat: SessionChatTable;
  chat_files: ChatFilesTable;
  webhooks: WebhooksTable;
  nonces: NoncesTable;
  live_rooms: LiveRoomsTable;
  live_entries: LiveEntriesTable;
  ended_tickets: EndedTicketsTable;
  server_facts: ServerFactsTable;
  audit: AuditTable;
  command_replies: CommandRepliesTable;
  node: NodeTable;
  room_owner: RoomOwnerTable;
}

/**
 * What a moderator does by the admin API: each act with its preview.
 *
 * @module
 */

import type {
  ActResult,
  AffectedPerson,
  AuditList,
  BanBody,
  BanItem,
  BanList,
  BanResult,
  DeletedStream,
  KickBody,
  KickResult,
  MuteBody,
} from '@gavel/protocol/admin';
import { formatAmount } from '../format.ts';
import type { RoomRef } from '../routes.ts';
import type { Preview } from '../use-preview.ts';
import type { AdminClient, QueryParams } from './admin-client.ts';

/** What a dry run has for a reason; the server requires one of every act. */
const PREVIEW_REASON = 'preview';

/** An act on a room other than a kick. */
export type RoomAct =
  | { readonly type: 'close' }
  | { readonly type: 'delete-stream'; readonly streamId: string }
  | ({ readonly type: 'mute' } & Pick<MuteBody, 'userIds' | 'audio' | 'video'>);

/** A kick and the ban that it carries, without its reason. */
export type KickRequest = Pick<KickBody, 'userIds' | 'allBut' | 'ban'>;

/** An App and environment, whose bans are a list of their own. */
export type BanScope = Pick<RoomRef, 'appId' | 'environment'>;

/** Returns the path of a room. */
export const roomPath = ({ appId, environment, roomId }: RoomRef): string =>
  `/rooms/${appId}/${environment}/${encodeURIComponent(roomId)}`;

/** Puts users out of a room. @throws AdminApiError if the server refuses it */
export function kick(
  client: AdminClient,
  room: RoomRef,
  request: KickRequest,
  reason: string,
  idempotencyKey: string,
): Promise<KickResult> {
  return client.post(`${roomPath(room)}/kick`, { body: { ...request, reason }, idempotencyKey });
}

/** Asks whom a kick would put out, and whom its ban would also keep out. @throws AdminApiError if the server would refuse it */
export async function previewKick(client: AdminClient, room: RoomRef, request: KickRequest): Promise<Preview> {
  const body = { ...request, reason: PREVIEW_REASON, dryRun: true };
  const { people, covered = [] } = await client.post<KickResult>(`${roomPath(room)}/kick`, { body });
  return {
    summary: `${describePeople(people)} will be put out.`,
    lines: [...people.map(describePerson), ...covered.map((person) => `${describePerson(person)}: also banned`)],
  };
}

/** Acts on a room. @throws AdminApiError if the server refuses it */
export async function act(
  client: AdminClient,
  room: RoomRef,
  request: RoomAct,
  reason: string,
  idempotencyKey: string,
): Promise<void> {
  await send(client, room, request, { reason }, idempotencyKey);
}

/** Asks whom an act would hit. @throws AdminApiError if the server would refuse it */
export async function previewAct(client: AdminClient, room: RoomRef, request: RoomAct): Promise<Preview> {
  const answer = await send(client, room, request, { reason: PREVIEW_REASON, dryRun: true });
  if ('streamId' in answer) {
    return { summary: 'The stream will end for everybody. Its publisher stays in the room.', lines: [] };
  }
  const verb = request.type === 'close' ? 'will be put out' : 'will be muted';
  return { summary: `${describePeople(answer.people)} ${verb}.`, lines: answer.people.map(describePerson) };
}

/** Returns the audit rows that a query selects, newest first. */
export function listAudit(client: AdminClient, query: QueryParams): Promise<AuditList> {
  return client.get('/audit', query);
}

/** Returns the bans of an App and environment, latest change first. */
export function listBans(client: AdminClient, { appId, environment }: BanScope, query: QueryParams): Promise<BanList> {
  return client.get(`/bans/${appId}/${environment}`, query);
}

/** Sets a ban. @throws AdminApiError if the server refuses it */
export function setBan(
  client: AdminClient,
  { appId, environment }: BanScope,
  body: BanBody,
  idempotencyKey?: string,
): Promise<BanResult> {
  return client.post(`/bans/${appId}/${environment}`, { body, idempotencyKey });
}

/** Asks who is present and covered by a ban. @throws AdminApiError if the server would refuse it */
export async function previewBan(
  client: AdminClient,
  scope: BanScope,
  body: Omit<BanBody, 'reason' | 'dryRun'>,
): Promise<Preview> {
  const { covered } = await setBan(client, scope, { ...body, reason: PREVIEW_REASON, dryRun: true });
  return { summary: `${describePeople(covered)} will be put out now.`, lines: covered.map(describePerson) };
}

/** Lifts a ban; its row stays. @throws AdminApiError if the server refuses it */
export async function liftBan(
  client: AdminClient,
  { appId, environment, id }: Pick<BanItem, 'appId' | 'environment' | 'id'>,
  reason: string,
  idempotencyKey: string,
): Promise<void> {
  await client.post(`/bans/${appId}/${environment}/${id}/lift`, { body: { reason }, idempotencyKey });
}

function send(
  client: AdminClient,
  room: RoomRef,
  request: RoomAct,
  terms: { readonly reason: string; readonly dryRun?: boolean },
  idempotencyKey?: string,
): Promise<ActResult | DeletedStream> {
  if (request.type === 'delete-stream') {
    const path = `${roomPath(room)}/streams/${encodeURIComponent(request.streamId)}/delete`;
    return client.post(path, { body: terms, idempotencyKey });
  }
  const { type, ...body } = request;
  return client.post(`${roomPath(room)}/${type}`, { body: { ...body, ...terms }, idempotencyKey });
}

const describePeople = (people: readonly AffectedPerson[]): string =>
  people.length === 0 ? 'Nobody' : formatAmount(people.length, 'person', 'people');

function describePerson({ userId, userName, address, isWaiting }: AffectedPerson): string {
  const name = userName === '' || userName === userId ? userId : `${userName} (${userId})`;
  return `${name}${address === undefined ? '' : ` at ${address}`}${isWaiting ? ', waiting' : ''}`;
}

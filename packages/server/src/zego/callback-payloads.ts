/**
 * The bodies of the vendor's callbacks: room_create, room_close, room_login, room_logout, stream_create, stream_close,
 * with the vendor's fields and JSON types (CB-1, reference zego 3.3 to 3.9).
 *
 * @module
 */

import { randomInt } from 'node:crypto';
import type { MemberId } from '@gavel/protocol';
import { type App, validCallbackSecretsOf } from '../apps/app.ts';
import type { EventBatch } from '../owner/rooms.ts';
import type { RoomEvent, RoomEventOf } from '../rooms/events.ts';
import type { User } from '../rooms/member.ts';
import type { StreamInfo } from '../rooms/stream.ts';
import { AUDIENCE_ROLE } from './actions/user-role.ts';
import { signCallback } from './callback-signature.ts';
import { CLOSE_REASONS, LOGOUT_REASONS, STREAM_CLOSE_TYPES } from './causes.ts';
import type { EndedPublishes } from './ended-publishes.ts';

declare global {
  interface JSON {
    /** Serialises a number with exactly this text. */
    rawJSON(text: string): unknown;
  }
}

/** The client type: every Gavel client uses the web SDK. */
const WEB_TERMINAL = '6';

/** The groups of callbacks; an App has one URL for each. */
export type CallbackGroup = 'room' | 'user' | 'stream';

/** One callback before serialisation. */
export interface Payload {
  readonly group: CallbackGroup;
  /** Its fields; `event` is its name. */
  readonly fields: { readonly event: string } & Readonly<Record<string, unknown>>;
}

/** VP8 in the vendor's list of codecs: the default codec of browsers. */
const STREAM_ATTRIBUTES = JSON.stringify({ cid: 2 });
/** Login tokens are Token04, which is the vendor's level 4. */
const TOKEN_LEVEL = 4;

/**
 * Returns the vendor's number of a login as decimal text: the first 60 bits of the Member's id, which is a UUID.
 */
export function sessionIdOf(memberId: MemberId): string {
  return BigInt(`0x${memberId.replaceAll('-', '').slice(0, 15)}`).toString();
}

/** Returns the callback of an event, or undefined if the vendor has none. */
export function payloadOf(
  app: App,
  batch: EventBatch,
  event: RoomEvent,
  ended: Pick<EndedPublishes, 'hasRecent'>,
): Payload | undefined {
  switch (event.type) {
    case 'roomCreated':
      return {
        group: 'room',
        fields: {
          ...roomFields('room_create', app, batch, event),
          room_create_time: String(event.atMs),
          id_name: event.creator.id,
        },
      };
    case 'roomClosed':
      if (!event.announce) return undefined;
      return {
        group: 'room',
        fields: {
          ...roomFields('room_close', app, batch, event),
          close_reason: CLOSE_REASONS[event.cause],
          room_close_time: String(event.atMs),
        },
      };
    case 'memberJoined':
      return { group: 'user', fields: loginFields(app, batch, event) };
    case 'memberLeft':
      if (event.cause === 'replaced' && isReplacedHere(event.member.user, batch)) return undefined;
      return { group: 'user', fields: logoutFields(app, batch, event) };
    case 'streamAdded':
      return { group: 'stream', fields: createFields(app, batch, event, ended) };
    case 'streamRemoved':
      return { group: 'stream', fields: closeFields(app, batch, event) };
    default:
      return undefined;
  }
}

/** Whether the user's new login is in the same room: its `relogin` then reports the end of the old login (reference 2.7). */
function isReplacedHere(user: User, { events }: EventBatch): boolean {
  return events.some((event) => event.type === 'memberJoined' && event.relogin && event.member.user.id === user.id);
}

/**
 * The fields of every callback. Room events have numbers as JSON numbers, all others as texts (reference 3.3). There is one
 * signature: while two secrets are valid it is made with the earlier one, which the receiver has for certain (SEC-2).
 */
function signed(event: string, app: App, atMs: number, nonceDigits: number) {
  const timestamp = String(Math.floor(atMs / 1000));
  const nonce = randomDigits(nonceDigits);
  return {
    event,
    appid: String(app.appId),
    timestamp,
    nonce,
    signature: signCallback(validCallbackSecretsOf(app, atMs).at(-1) ?? app.callbackSecret, timestamp, nonce),
  };
}

function randomDigits(count: number): string {
  let digits = String(randomInt(1, 10));
  while (digits.length < count) digits += String(randomInt(10));
  return digits;
}

function roomFields(name: string, app: App, { key, epoch }: EventBatch, { atMs }: RoomEvent) {
  const common = signed(name, app, atMs, 6);
  return {
    ...common,
    appid: app.appId,
    timestamp: Number(common.timestamp),
    room_id: key.roomId,
    // Above 2^53: a JavaScript number would lose its last digits (CB-6).
    room_session_id: JSON.rawJSON(epoch),
  };
}

function userFields(
  name: string,
  app: App,
  { key, epoch }: EventBatch,
  { atMs, member, userSeq }: RoomEventOf<'memberJoined' | 'memberLeft'>,
) {
  return {
    ...signed(name, app, atMs, 6),
    room_id: key.roomId,
    room_seq: epoch,
    user_account: member.user.id,
    user_nickname: member.user.name,
    session_id: sessionIdOf(member.memberId),
    login_time: String(member.joinedAtMs),
    user_role: String(AUDIENCE_ROLE),
    user_update_seq: String(userSeq),
  };
}

function loginFields(app: App, batch: EventBatch, event: RoomEventOf<'memberJoined'>) {
  return {
    ...userFields('room_login', app, batch, event),
    // Rooms have no names.
    room_name: batch.key.roomId,
    auth_level: String(event.member.hasToken ? TOKEN_LEVEL : 0),
    relogin: event.relogin ? '1' : '0',
    callback_data: event.member.callbackData,
    term_type: WEB_TERMINAL,
  };
}

function logoutFields(app: App, batch: EventBatch, event: RoomEventOf<'memberLeft'>) {
  return {
    ...userFields('room_logout', app, batch, event),
    logout_time: String(event.atMs),
    reason: String(LOGOUT_REASONS[event.cause]),
  };
}

function streamFields(
  name: string,
  app: App,
  { key, epoch }: EventBatch,
  { atMs, stream, streamSeq }: RoomEventOf<'streamAdded' | 'streamRemoved'>,
) {
  return {
    ...signed(name, app, atMs, 19),
    room_id: key.roomId,
    room_session_id: epoch,
    user_id: stream.user.id,
    user_name: stream.user.name,
    channel_id: key.roomId,
    stream_id: stream.streamId,
    stream_alias: stream.streamId,
    stream_sid: stream.publishId,
    stream_seq: String(streamSeq),
    create_time_ms: String(stream.createdAtMs),
  };
}

function createFields(
  app: App,
  batch: EventBatch,
  event: RoomEventOf<'streamAdded'>,
  ended: Pick<EndedPublishes, 'hasRecent'>,
) {
  const { stream }: { stream: StreamInfo } = event;
  return {
    ...streamFields('stream_create', app, batch, event),
    title: stream.title,
    stream_attr: STREAM_ATTRIBUTES,
    create_time: String(Math.floor(stream.createdAtMs / 1000)),
    extra_info: stream.extraInfo,
    recreate: ended.hasRecent(batch, stream, event.atMs) ? '1' : '0',
    publish_id: stream.user.id,
    publish_name: stream.user.name,
    rtmp_url: [],
    hls_url: [],
    hdl_url: [],
    pic_url: [],
  };
}

function closeFields(app: App, batch: EventBatch, event: RoomEventOf<'streamRemoved'>) {
  return {
    ...streamFields('stream_close', app, batch, event),
    third_define_data: '{}',
    destroy_timemillis: String(event.atMs),
    type: String(STREAM_CLOSE_TYPES[event.cause]),
  };
}

/**
 * Meetings: persistent rooms that are created, read, listed and changed, but never deleted (reference 5.2).
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import type { AppId } from '@gavel/protocol';
import { type Static, Type } from 'typebox';
import type { MeetingFilter, MeetingRecord, Store } from '../../store/store.ts';
import { isoTime, notFound } from '../envelope.ts';
import {
  CREATE_MEETING,
  DEFAULT_SETTINGS,
  type MeetingSettings,
  refuseIncompleteStorage,
  UPDATE_MEETING,
  withoutSecrets,
} from '../meeting-schema.ts';
import { PAGING, pageOf, pagingOf } from '../paging.ts';
import { defineRoute, type ResourceDeps, type Route, requireApp, requireId } from '../route.ts';
import { roomOf } from '../session.ts';

const time = Type.Optional(Type.String({ maxLength: 64, format: 'date-time' }));
const LIST = Type.Object({
  ...PAGING,
  start_time: time,
  end_time: time,
  search: Type.Optional(Type.String({ maxLength: 256 })),
  status: Type.Optional(Type.Enum(['ACTIVE', 'INACTIVE'])),
});

const MEETINGS = '/:app_id/meetings';
const MEETING = `${MEETINGS}/:meeting_id`;

/** The routes of meetings. */
export function meetingRoutes({ store, clock, bus }: ResourceDeps): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: MEETINGS,
      status: 201,
      body: CREATE_MEETING,
      async handle({ caller, body }) {
        const nowMs = clock.now();
        const meeting: MeetingRecord = {
          ...factsOf(body),
          id: randomUUID(),
          appId: requireApp(caller).appId,
          status: 'ACTIVE',
          createdAtMs: nowMs,
          updatedAtMs: nowMs,
        };
        await store.meetings.add(meeting);
        return { data: showMeeting(meeting) };
      },
    }),
    defineRoute({
      method: 'GET',
      path: MEETINGS,
      query: LIST,
      async handle({ caller, query }) {
        const page = pageOf(query);
        const found = await store.meetings.list(requireApp(caller).appId, filterOf(query), page);
        return {
          data: found.items.map(showListed),
          paging: pagingOf(page, found.items.length, found.totalCount),
        };
      },
    }),
    defineRoute({
      method: 'GET',
      path: MEETING,
      async handle({ caller, ids }) {
        return { data: showMeeting(await requireMeeting(store, requireApp(caller).appId, ids)) };
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: MEETING,
      body: UPDATE_MEETING,
      async handle({ caller, ids, body, origin }) {
        refuseIncompleteStorage(body.recording_config);
        const { title, status, preferred_region: _region, ...given } = body;
        const id = requireId(ids, 'meeting_id');
        const changed = await store.meetings.update(requireApp(caller).appId, id, (meeting) => ({
          title: title === undefined ? meeting.title : title,
          status: status ?? meeting.status,
          settings: { ...meeting.settings, ...given },
          updatedAtMs: clock.now(),
        }));
        if (!changed) throw notFound('meeting', id);
        // Members stay; waiting users can no longer be admitted.
        if (status === 'INACTIVE')
          await bus.call({ key: roomOf(changed.appId, id), command: { type: 'refuseWaiting' }, origin });
        return { data: showMeeting(changed) };
      },
    }),
    defineRoute({
      method: 'PUT',
      path: MEETING,
      body: CREATE_MEETING,
      async handle({ caller, ids, body }) {
        const facts = factsOf(body);
        const id = requireId(ids, 'meeting_id');
        // The status can only be patched, not replaced.
        const changed = await store.meetings.update(requireApp(caller).appId, id, ({ status }) => ({
          ...facts,
          status,
          updatedAtMs: clock.now(),
        }));
        if (!changed) throw notFound('meeting', id);
        return { data: showMeeting(changed) };
      },
    }),
  ];
}

/** Returns the meeting of a path. @throws ApiError 404 if it does not exist */
export async function requireMeeting(
  store: Pick<Store, 'meetings'>,
  appId: AppId,
  ids: Parameters<typeof requireId>[0],
): Promise<MeetingRecord> {
  const id = requireId(ids, 'meeting_id');
  const meeting = await store.meetings.find(appId, id);
  if (!meeting) throw notFound('meeting', id);
  return meeting;
}

/** Converts a complete body to a record's fields; omitted fields get their defaults. @throws ApiError 400 */
function factsOf(body: Static<typeof CREATE_MEETING>): Pick<MeetingRecord, 'title' | 'settings'> {
  refuseIncompleteStorage(body.recording_config);
  const { title = null, preferred_region: _region, ...given } = body;
  return { title, settings: { ...DEFAULT_SETTINGS, ...nullsAsFalse(given) } };
}

function nullsAsFalse(given: Omit<Static<typeof CREATE_MEETING>, 'title' | 'preferred_region'>) {
  const { record_on_start: record, live_stream_on_start: liveStream, ...rest } = given;
  return {
    ...rest,
    ...(record !== undefined && { record_on_start: record ?? false }),
    ...(liveStream !== undefined && { live_stream_on_start: liveStream ?? false }),
  };
}

function filterOf(query: Static<typeof LIST>): MeetingFilter {
  const { status, search, start_time: start, end_time: end } = query;
  return {
    ...(status !== undefined && { status }),
    ...(search !== undefined && { search }),
    ...(start !== undefined && { fromMs: Date.parse(start) }),
    ...(end !== undefined && { untilMs: Date.parse(end) }),
  };
}

/** Formats a meeting for a list: without `ai_config`. */
function showListed(meeting: MeetingRecord) {
  const { ai_config: _ai, recording_config: recording, ...settings } = meeting.settings as unknown as MeetingSettings;
  return {
    id: meeting.id,
    ...(meeting.title !== null && { title: meeting.title }),
    status: meeting.status,
    ...settings,
    ...(recording && { recording_config: withoutSecrets(recording) }),
    created_at: isoTime(meeting.createdAtMs),
    updated_at: isoTime(meeting.updatedAtMs),
  };
}

function showMeeting(meeting: MeetingRecord) {
  const { ai_config: ai } = meeting.settings as unknown as MeetingSettings;
  return { ...showListed(meeting), ...(ai && { ai_config: ai }) };
}

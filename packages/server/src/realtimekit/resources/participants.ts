/**
 * Participants: the users who may join a meeting, and their tokens (reference 5.3, RTK-8).
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { type AppId, isGavelError, type UserId } from '@gavel/protocol';
import { Type } from 'typebox';
import type { App } from '../../apps/app.ts';
import type { Participant, ParticipantRecord, PresetRecord } from '../../store/store.ts';
import { ApiError, isoTime, requireFound } from '../envelope.ts';
import { PAGING, pageOf, pagingOf } from '../paging.ts';
import { defineRoute, type ResourceDeps, type Route, requireApp, requireId } from '../route.ts';
import { roomOf } from '../session.ts';
import { HTTP_ADDRESS } from '../validate.ts';
import { requireMeeting } from './meetings.ts';

const closed = { additionalProperties: false } as const;
const name = Type.Optional(Type.Union([Type.String({ maxLength: 256 }), Type.Null()]));
const picture = Type.Optional(
  Type.Union([Type.String({ maxLength: 2048, pattern: HTTP_ADDRESS, format: 'url' }), Type.Null()]),
);
const presetName = Type.String({ minLength: 1, maxLength: 256 });
const ADD = Type.Object(
  { custom_participant_id: Type.String({ minLength: 1, maxLength: 256 }), preset_name: presetName, name, picture },
  closed,
);
const EDIT = Type.Object({ name, picture, preset_name: Type.Optional(Type.Union([presetName, Type.Null()])) }, closed);
const LIST = Type.Object(PAGING);

const PARTICIPANTS = '/:app_id/meetings/:meeting_id/participants';
const PARTICIPANT = `${PARTICIPANTS}/:participant_id`;

/** The routes of participants. */
export function participantRoutes(deps: ResourceDeps): Route[] {
  const { store, clock, bus, tokens } = deps;

  const requirePreset = async (appId: AppId, wanted: string): Promise<PresetRecord> => {
    const preset = await store.presets.findByName(appId, wanted);
    if (!preset) throw new ApiError(404, `No preset found with name ${wanted}`);
    return preset;
  };
  const signFor = (app: App, { meetingId, id: participantId, presetId }: ParticipantRecord): Promise<string> =>
    tokens.sign({ orgId: app.rtkAppId, meetingId, participantId, presetId });

  return [
    defineRoute({
      method: 'POST',
      path: PARTICIPANTS,
      status: 201,
      body: ADD,
      async handle({ caller, ids, body }) {
        const app = requireApp(caller);
        const meeting = await requireMeeting(store, app.appId, ids);
        const preset = await requirePreset(app.appId, body.preset_name);
        const nowMs = clock.now();
        const participant: Participant = {
          id: randomUUID(),
          meetingId: meeting.id,
          customId: body.custom_participant_id,
          presetId: preset.id,
          presetName: preset.name,
          name: body.name ?? null,
          picture: body.picture ?? null,
          createdAtMs: nowMs,
          updatedAtMs: nowMs,
        };
        await store.participants.add(participant);
        return { data: { ...showParticipant(participant), token: await signFor(app, participant) } };
      },
    }),
    defineRoute({
      method: 'GET',
      path: PARTICIPANTS,
      query: LIST,
      async handle({ caller, ids, query }) {
        const meeting = await requireMeeting(store, requireApp(caller).appId, ids);
        const page = pageOf(query);
        const { items, totalCount } = await store.participants.list(meeting.id, page);
        return { data: items.map(showParticipant), paging: pagingOf(page, items.length, totalCount) };
      },
    }),
    defineRoute({
      method: 'GET',
      path: PARTICIPANT,
      async handle({ caller, ids }) {
        const meeting = await requireMeeting(store, requireApp(caller).appId, ids);
        const id = requireId(ids, 'participant_id');
        return {
          data: showParticipant(requireFound(await store.participants.find(meeting.id, id), 'participant', id)),
        };
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: PARTICIPANT,
      body: EDIT,
      async handle({ caller, ids, body }) {
        const app = requireApp(caller);
        const meeting = await requireMeeting(store, app.appId, ids);
        const id = requireId(ids, 'participant_id');
        // Null removes a name or a picture; every participant has a preset, so null leaves the preset unchanged.
        const preset = body.preset_name ? await requirePreset(app.appId, body.preset_name) : undefined;
        const changed = await store.participants.update(meeting.id, id, (participant) => ({
          customId: participant.customId,
          name: body.name === undefined ? participant.name : body.name,
          picture: body.picture === undefined ? participant.picture : body.picture,
          presetId: preset?.id ?? participant.presetId,
          updatedAtMs: clock.now(),
        }));
        const participant = requireFound(changed, 'participant', id);
        return { data: { ...showParticipant(participant), token: await signFor(app, participant) } };
      },
    }),
    defineRoute({
      method: 'PUT',
      path: PARTICIPANT,
      body: ADD,
      async handle({ caller, ids, body }) {
        const app = requireApp(caller);
        const meeting = await requireMeeting(store, app.appId, ids);
        const id = requireId(ids, 'participant_id');
        const preset = await requirePreset(app.appId, body.preset_name);
        const changed = await store.participants.update(meeting.id, id, () => ({
          customId: body.custom_participant_id,
          name: body.name ?? null,
          picture: body.picture ?? null,
          presetId: preset.id,
          updatedAtMs: clock.now(),
        }));
        const participant = requireFound(changed, 'participant', id);
        return { data: { ...showParticipant(participant), token: await signFor(app, participant) } };
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: PARTICIPANT,
      async handle({ caller, ids, origin }) {
        const { appId } = requireApp(caller);
        const meeting = await requireMeeting(store, appId, ids);
        const id = requireId(ids, 'participant_id');
        // Delete the record first: from then on logins are refused. Then remove the participant from the room.
        const deleted = requireFound(await store.participants.delete(meeting.id, id), 'participant', id);
        const targets = [{ label: id, userIds: [id as UserId] }];
        await bus
          .call({
            key: roomOf(appId, meeting.id),
            command: { type: 'kick', targets, require: 'any', reason: '' },
            origin,
          })
          .catch((error: unknown) => {
            if (!isGavelError(error, 'room.not-found', 'room.member-not-found')) throw error;
          });
        return {
          data: {
            custom_participant_id: deleted.customId,
            preset_id: deleted.presetId,
            created_at: isoTime(deleted.createdAtMs),
            updated_at: isoTime(deleted.updatedAtMs),
          },
        };
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${PARTICIPANT}/token`,
      async handle({ caller, ids }) {
        const app = requireApp(caller);
        const meeting = await requireMeeting(store, app.appId, ids);
        const id = requireId(ids, 'participant_id');
        const participant = requireFound(await store.participants.find(meeting.id, id), 'participant', id);
        return { data: { token: await signFor(app, participant) } };
      },
    }),
  ];
}

function showParticipant(participant: Participant) {
  return {
    id: participant.id,
    name: participant.name,
    picture: participant.picture,
    custom_participant_id: participant.customId,
    preset_name: participant.presetName,
    created_at: isoTime(participant.createdAtMs),
    updated_at: isoTime(participant.updatedAtMs),
  };
}

/**
 * Muting the participants of an active session (HOST-5, reference 5.4).
 *
 * @module
 */

import { Type } from 'typebox';
import type { CommandOf } from '../../rooms/commands.ts';
import type { MemberInfo } from '../../rooms/member.ts';
import type { MeetingRecord } from '../../store/store.ts';
import { defineRoute, type RawCall, type ResourceDeps, type Route } from '../route.ts';
import { roomOf } from '../session.ts';
import { countPeople, findTargets, NAMED_PEOPLE, requireMeeting, sessionError, showPeople } from './session-people.ts';

const SESSION = '/:app_id/meetings/:meeting_id/active-session';
const MUTE_ALL = Type.Object({ allow_unmute: Type.Optional(Type.Boolean()) }, { additionalProperties: false });

/** The routes that mute microphones. */
export function muteRoutes({ store, bus }: ResourceDeps): Route[] {
  const mute = async (
    meeting: MeetingRecord,
    command: Pick<CommandOf<'mute'>, 'targets' | 'allowUnmute'>,
    { origin }: Pick<RawCall, 'origin'>,
  ): Promise<readonly MemberInfo[]> => {
    const { members } = await bus
      .call({
        key: roomOf(meeting.appId, meeting.id),
        command: { type: 'mute', require: 'all', kinds: { audio: true, video: false }, ...command },
        origin,
      })
      .catch((error: unknown) => {
        throw sessionError(error, meeting.id);
      });
    return members;
  };

  return [
    defineRoute({
      method: 'POST',
      path: `${SESSION}/mute`,
      body: NAMED_PEOPLE,
      takesAnyId: true,
      async handle(call) {
        const meeting = await requireMeeting(store, call);
        const targets = await findTargets(store, meeting.id, call.body);
        const muted = await mute(meeting, { targets, allowUnmute: true }, call);
        return { data: { action: 'mute', participants: await showPeople(store, meeting.id, muted) } };
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${SESSION}/mute-all`,
      body: MUTE_ALL,
      takesAnyId: true,
      async handle(call) {
        const meeting = await requireMeeting(store, call);
        const muted = await mute(meeting, { allowUnmute: call.body.allow_unmute ?? true }, call);
        return { data: { action: 'mute_all', muted_participants_count: countPeople(muted) } };
      },
    }),
  ];
}

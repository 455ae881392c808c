/**
 * The active session: the people in a meeting, and removing them (RTK-3 to RTK-6, reference 5.4).
 *
 * @module
 */

import type { Waiting } from '../../rooms/waiting.ts';
import { noActiveSession } from '../envelope.ts';
import { defineRoute, type ResourceDeps, type Route, requireApp } from '../route.ts';
import { roomOf } from '../session.ts';
import { showSession } from '../sessions/show.ts';
import {
  countPeople,
  findTargets,
  NAMED_PEOPLE,
  type Person,
  requireMeeting,
  sessionError,
  showPeople,
} from './session-people.ts';

const SESSION = '/:app_id/meetings/:meeting_id/active-session';

/** The routes of the active session. */
export function activeSessionRoutes({ store, bus, clock }: ResourceDeps): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: SESSION,
      takesAnyId: true,
      async handle(call) {
        const meeting = await requireMeeting(store, call);
        const app = requireApp(call.caller);
        // An empty session may still be continued, but it is not active.
        const { room } = await bus.query(roomOf(app.appId, meeting.id), { type: 'summary' });
        const session = room && (await store.sessions.findLive(app.appId, meeting.id, clock.now()));
        if (!session) throw noActiveSession(meeting.id);
        return { data: showSession(app, session, clock.now()) };
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${SESSION}/kick`,
      body: NAMED_PEOPLE,
      takesAnyId: true,
      async handle(call) {
        const meeting = await requireMeeting(store, call);
        const targets = await findTargets(store, meeting.id, call.body);
        const { members, waiting } = await bus
          .call({
            key: roomOf(meeting.appId, meeting.id),
            command: { type: 'kick', targets, require: 'all', reason: '' },
            origin: call.origin,
          })
          .catch((error: unknown) => {
            throw sessionError(error, meeting.id);
          });
        const people = [...members, ...waiting.map(asPerson)];
        const participants = await showPeople(store, meeting.id, people);
        return { data: { action: 'kick', participants } };
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${SESSION}/kick-all`,
      takesAnyId: true,
      async handle(call) {
        const meeting = await requireMeeting(store, call);
        const { members } = await bus
          .call({
            key: roomOf(meeting.appId, meeting.id),
            command: { type: 'close', reason: '', announce: true },
            origin: call.origin,
          })
          .catch((error: unknown) => {
            throw sessionError(error, meeting.id);
          });
        return { data: { action: 'kick_all', kicked_participants_count: countPeople(members) } };
      },
    }),
  ];
}

/** A waiting user as a person: the time of the request stands in for the time of joining. */
const asPerson = ({ user, sinceMs }: Waiting): Person => ({ user, joinedAtMs: sinceMs });

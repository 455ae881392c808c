/**
 * Features that this server does not have. They answer like an account that does not use them (RTK-14):
 *
 * lists are empty, single records are not found, figures are zero, and starting one is refused.
 *
 * @module
 */

import { Type } from 'typebox';
import { ApiError, noActiveSession, notFound } from '../envelope.ts';
import { PAGING, pageOf, pagingOf } from '../paging.ts';
import { type Call, defineRoute, type ResourceDeps, type Route, requireApp, requireId } from '../route.ts';
import { requireMeeting } from './meetings.ts';

const LIST = Type.Object(PAGING);
const A = '/:app_id';
const M = `${A}/meetings/:meeting_id`;
const S = `${A}/sessions/:session_id`;

/** The routes of missing features. */
export function notThereRoutes({ store, clock }: ResourceDeps): Route[] {
  const findMeeting = ({ caller, ids }: Call<unknown, unknown>) => requireMeeting(store, requireApp(caller).appId, ids);
  const requireSession = async ({ caller, ids }: Call<unknown, unknown>): Promise<void> => {
    const id = requireId(ids, 'session_id');
    if (!(await store.sessions.find(requireApp(caller).appId, id, clock.now()))) throw notFound('session', id);
  };
  /** Creates a route for a single record, which is never found. */
  const missing = (path: string, kind: string, idName: string, method: Route['method'] = 'GET'): Route =>
    defineRoute({
      method,
      path,
      status: 404,
      // Any body is accepted, since the record never exists.
      ...(method !== 'GET' && { body: Type.Unknown() }),
      async handle({ ids }) {
        throw notFound(kind, requireId(ids, idName));
      },
    });
  /** Creates a route that starts a feature and always refuses. */
  const refused = (path: string, feature: string, before?: (call: Call<unknown, unknown>) => Promise<unknown>): Route =>
    defineRoute({
      method: 'POST',
      path,
      status: 403,
      body: Type.Unknown(),
      bodyIsOptional: true,
      async handle(call) {
        await before?.(call);
        throw new ApiError(403, `This server does not have ${feature}`);
      },
    });

  return [
    defineRoute({
      method: 'GET',
      path: `${A}/recordings`,
      query: LIST,
      async handle({ query }) {
        return { data: [], paging: pagingOf(pageOf(query), 0, 0) };
      },
    }),
    refused(`${A}/recordings`, 'recordings'),
    refused(`${A}/recordings/track`, 'recordings'),
    defineRoute({
      method: 'GET',
      path: `${A}/recordings/active-recording/:meeting_id`,
      status: 404,
      async handle(call) {
        const { id } = await findMeeting(call);
        throw new ApiError(404, `No active recording found for meeting_id ${id}`);
      },
    }),
    missing(`${A}/recordings/:recording_id`, 'recording', 'recording_id'),
    missing(`${A}/recordings/:recording_id`, 'recording', 'recording_id', 'PUT'),
    defineRoute({
      method: 'GET',
      path: `${A}/livestreams`,
      query: LIST,
      async handle({ query }) {
        const paging = pagingOf(pageOf(query), 0, 0);
        return { data: { livestreams: [], paging }, paging };
      },
    }),
    missing(`${A}/livestreams/:livestream_id`, 'livestream', 'livestream_id'),
    missing(`${A}/livestreams/:livestream_id/active-livestream-session`, 'livestream', 'livestream_id'),
    missing(`${A}/livestreams/sessions/:livestream_session_id`, 'livestream session', 'livestream_session_id'),
    refused(`${M}/livestreams`, 'livestreams', findMeeting),
    defineRoute({
      method: 'GET',
      path: `${M}/active-livestream`,
      status: 404,
      async handle(call) {
        const { id } = await findMeeting(call);
        throw new ApiError(404, `No active livestream found for meeting_id ${id}`);
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${M}/active-livestream/stop`,
      status: 404,
      async handle(call) {
        throw noActiveSession((await findMeeting(call)).id);
      },
    }),
    refused(`${S}/summary`, 'summaries', requireSession),
    defineRoute({
      method: 'GET',
      path: `${S}/livestream-sessions`,
      async handle(call) {
        await requireSession(call);
        return { data: [] };
      },
    }),
  ];
}

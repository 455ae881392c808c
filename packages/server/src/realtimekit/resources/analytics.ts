/**
 * Analytics: daily figures of sessions; figures of recordings and livestreams are zero (reference 5.8).
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import { badRequest } from '../envelope.ts';
import { defineRoute, type ResourceDeps, type Route, requireApp } from '../route.ts';

const date = Type.Optional(Type.String({ maxLength: 10, format: 'date' }));
const DAYWISE = Type.Object({ start_date: date, end_date: date });
/** Seconds since the Unix epoch. */
const seconds = Type.Optional(Type.Integer({ minimum: 0, maximum: 253_402_300_799 }));
const LIVESTREAMS = Type.Object({ start_time: seconds, end_time: seconds });

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const MINUTE_MS = 60_000;

/** The routes of analytics. */
export function analyticsRoutes({ store, clock }: ResourceDeps): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/:app_id/analytics/daywise',
      query: DAYWISE,
      async handle({ caller, query }) {
        const nowMs = clock.now();
        const { fromMs, untilMs } = spanOf(query, nowMs);
        const days = await store.sessions.days(requireApp(caller).appId, fromMs, untilMs, nowMs);
        const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);
        return {
          data: {
            session_stats: {
              sessions_count: sum(days.map((day) => day.sessionCount)),
              sessions_minutes_consumed: sum(days.map((day) => day.memberMs)) / MINUTE_MS,
              day_stats: days.map(({ day, sessionCount, memberMs }) => ({
                day,
                total_sessions: sessionCount,
                total_session_minutes: memberMs / MINUTE_MS,
              })),
            },
            recording_stats: { recording_count: 0, recording_minutes_consumed: 0, day_stats: [] },
          },
        };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/:app_id/analytics/livestreams/overall',
      query: LIVESTREAMS,
      async handle() {
        return { data: { count: 0, total_ingest_seconds: 0, total_viewer_seconds: 0 } };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/:app_id/analytics/livestreams/daywise',
      query: LIVESTREAMS,
      async handle() {
        return { data: [] };
      },
    }),
  ];
}

/** Returns a span of whole days in UTC, both included; by default the last 30 days up to today. */
function spanOf({ start_date: start, end_date: end }: Static<typeof DAYWISE>, nowMs: number) {
  const lastDayMs = end === undefined ? nowMs - (nowMs % DAY_MS) : Date.parse(end);
  const fromMs = start === undefined ? lastDayMs - (DEFAULT_DAYS - 1) * DAY_MS : Date.parse(start);
  if (fromMs > lastDayMs) throw badRequest('"start_date" must not be after "end_date"');
  return { fromMs, untilMs: lastDayMs + DAY_MS - 1 };
}

/**
 * All routes of the API.
 *
 * @module
 */

import type { ResourceDeps, Route } from '../route.ts';
import { activeSessionRoutes } from './active-session.ts';
import { analyticsRoutes } from './analytics.ts';
import { appRoutes } from './apps.ts';
import { meetingRoutes } from './meetings.ts';
import { muteRoutes } from './mute.ts';
import { notThereRoutes } from './not-there.ts';
import { participantRoutes } from './participants.ts';
import { pollRoutes } from './polls.ts';
import { presetRoutes } from './presets.ts';
import { sessionRoutes } from './sessions.ts';
import { webhookRoutes } from './webhooks.ts';

/** Creates the routes. */
export function builtRoutes(deps: ResourceDeps): Route[] {
  return [
    appRoutes,
    meetingRoutes,
    participantRoutes,
    presetRoutes,
    activeSessionRoutes,
    muteRoutes,
    pollRoutes,
    sessionRoutes,
    webhookRoutes,
    analyticsRoutes,
    notThereRoutes,
  ].flatMap((make) => make(deps));
}

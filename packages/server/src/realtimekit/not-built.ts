/**
 * Operations of the vendor's API that this version does not have: each is known by name, so that a caller learns that
 * it has not mistyped.
 *
 * @module
 */

import { ApiError } from './envelope.ts';
import type { Route } from './route.ts';

const M = '/:app_id/meetings/:meeting_id';

const OPERATIONS: readonly (readonly [Route['method'], string])[] = [
  ['POST', `${M}/active-session/mute`],
  ['POST', `${M}/active-session/mute-all`],
  ['POST', `${M}/active-session/poll`],
  ['POST', `${M}/livestreams`],
  ['GET', `${M}/active-livestream`],
  ['POST', `${M}/active-livestream/stop`],
  ['GET', '/:app_id/sessions'],
  ['GET', '/:app_id/sessions/:session_id'],
  ['GET', '/:app_id/sessions/:session_id/participants'],
  ['GET', '/:app_id/sessions/:session_id/participants/:participant_id'],
  ['GET', '/:app_id/sessions/peer-report/:peer_id'],
  ['GET', '/:app_id/sessions/:session_id/chat'],
  ['GET', '/:app_id/sessions/:session_id/transcript'],
  ['GET', '/:app_id/sessions/:session_id/summary'],
  ['POST', '/:app_id/sessions/:session_id/summary'],
  ['GET', '/:app_id/sessions/:session_id/livestream-sessions'],
  ['POST', '/:app_id/webhooks'],
  ['GET', '/:app_id/webhooks'],
  ['GET', '/:app_id/webhooks/:webhook_id'],
  ['PATCH', '/:app_id/webhooks/:webhook_id'],
  ['PUT', '/:app_id/webhooks/:webhook_id'],
  ['DELETE', '/:app_id/webhooks/:webhook_id'],
  ['GET', '/:app_id/recordings'],
  ['POST', '/:app_id/recordings'],
  ['POST', '/:app_id/recordings/track'],
  ['GET', '/:app_id/recordings/:recording_id'],
  ['PUT', '/:app_id/recordings/:recording_id'],
  ['GET', '/:app_id/recordings/active-recording/:meeting_id'],
  ['GET', '/:app_id/livestreams'],
  ['GET', '/:app_id/livestreams/:livestream_id'],
  ['GET', '/:app_id/livestreams/:livestream_id/active-livestream-session'],
  ['GET', '/:app_id/livestreams/sessions/:livestream_session_id'],
  ['GET', '/:app_id/analytics/daywise'],
  ['GET', '/:app_id/analytics/livestreams/overall'],
  ['GET', '/:app_id/analytics/livestreams/daywise'],
];

/** The routes of the operations that are not built: 404 with a message of their own. */
export function notBuiltRoutes(): Route[] {
  return OPERATIONS.map(([method, path]) => ({
    method,
    path,
    status: 200,
    async serve() {
      throw new ApiError(404, `This version of the server does not have ${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    },
  }));
}

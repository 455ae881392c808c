/**
 * Operations of the vendor's API that this version does not have: each is known by name, so that a caller learns that
 * it has not mistyped.
 *
 * @module
 */

import { ApiError } from './envelope.ts';
import type { Route } from './route.ts';

const M = '/:app_id/meetings/:meeting_id';

const OPERATIONS: readonly (readonly [Route['method'], string])[] = [['POST', `${M}/active-session/poll`]];

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

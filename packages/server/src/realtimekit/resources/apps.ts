/**
 * Apps: list and create (reference 5.1).
 *
 * @module
 */

import { Type } from 'typebox';
import type { App } from '../../apps/app.ts';
import { AuditedCalls } from '../../journal/audited-calls.ts';
import { AuthError, type Caller } from '../auth.ts';
import { isoTime } from '../envelope.ts';
import { APP_PAGING, pageOf, pagingOf } from '../paging.ts';
import { defineRoute, type ResourceDeps, type Route } from '../route.ts';

const LIST = Type.Object({
  ...APP_PAGING,
  search: Type.Optional(Type.String({ maxLength: 125 })),
  sort_order: Type.Optional(Type.Enum(['ASC', 'DESC'])),
});
const CREATE = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) }, { additionalProperties: false });

/** The routes of Apps. */
export function appRoutes({ apps, outbox, clock }: ResourceDeps): Route[] {
  const refusalCodeOf = (error: unknown) => (error instanceof AuthError ? 'forbidden' : undefined);
  const audited = new AuditedCalls({ journal: outbox, clock, refusalCodeOf });
  return [
    defineRoute({
      method: 'GET',
      path: '/apps',
      query: LIST,
      async handle({ caller, query }) {
        const matching = findApps(apps.ofAccount(caller.accountId), caller, query.search?.toLowerCase());
        if (query.sort_order !== 'ASC') matching.reverse();
        const page = pageOf(query);
        const shown = matching.slice(page.offset, page.offset + page.limit);
        return { data: shown.map(showApp), paging: pagingOf(page, shown.length, matching.length) };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/apps',
      body: CREATE,
      async handle({ caller: { accountId, grant }, body: { name }, origin }) {
        const app = await audited.run(
          { origin, action: 'createApp' },
          (made?: App) => ({ ...(made && { appId: made.appId }), target: `app/${name}`, details: { accountId } }),
          async () => {
            // The token could not access the App that it creates.
            if (grant.rtkAppIds) throw new AuthError(403, 'The API token is limited to some apps');
            return apps.create(accountId, name);
          },
        );
        return { data: { app: showApp(app) } };
      },
    }),
  ];
}

function findApps(apps: readonly App[], { grant }: Caller, search: string | undefined): App[] {
  return apps.filter(
    (app) =>
      (grant.rtkAppIds?.includes(app.rtkAppId) ?? true) &&
      (search === undefined || app.name.toLowerCase().includes(search)),
  );
}

const showApp = (app: App) => ({ id: app.rtkAppId, name: app.name, created_at: isoTime(app.createdAtMs) });

/**
 * Webhooks: the addresses of an App that receive events (reference 5.7, RTK-12).
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import { findPrivateHost } from '../../callbacks/private-addresses.ts';
import type { WebhookRecord } from '../../store/webhooks.ts';
import { ApiError, badRequest, isoTime, requireFound } from '../envelope.ts';
import { defineRoute, type ResourceDeps, type Route, requireApp, requireId } from '../route.ts';
import { HTTP_ADDRESS } from '../validate.ts';
import { TEST_EVENT, WEBHOOK_EVENTS } from '../webhooks/events.ts';

const facts = {
  name: Type.String({ minLength: 1, maxLength: 256 }),
  url: Type.String({ maxLength: 2048, pattern: HTTP_ADDRESS, format: 'url' }),
  events: Type.Array(Type.Enum(WEBHOOK_EVENTS), { minItems: 1, maxItems: WEBHOOK_EVENTS.length, uniqueItems: true }),
  enabled: Type.Optional(Type.Boolean()),
};
const WHOLE = Type.Object(facts, { additionalProperties: false });
const PART = Type.Partial(WHOLE, { additionalProperties: false });

const WEBHOOKS = '/:app_id/webhooks';
const WEBHOOK = `${WEBHOOKS}/:webhook_id`;
/** Maximum number of registrations of an App: each event is written once for each. */
const MAX_WEBHOOKS = 100;

/** The routes of webhooks. */
export function webhookRoutes({ webhooks, outbox, allowPrivateTargets }: ResourceDeps): Route[] {
  const refuseBadUrl = (url: string | undefined): void => {
    if (url === undefined) return;
    const { username, password } = new URL(url);
    if (username !== '' || password !== '') throw badRequest('"url" must not contain a user name or a password');
    // The address that a host name resolves to is checked at each delivery.
    if (!allowPrivateTargets && findPrivateHost(url) !== undefined) throw badRequest('"url" must be a public address');
  };

  return [
    defineRoute({
      method: 'POST',
      path: WEBHOOKS,
      status: 201,
      body: WHOLE,
      async handle({ caller, body }) {
        refuseBadUrl(body.url);
        const { appId } = requireApp(caller);
        if (webhooks.ofApp(appId).length >= MAX_WEBHOOKS) {
          throw new ApiError(409, `The app already has ${MAX_WEBHOOKS} webhooks`);
        }
        const added = await webhooks.add(appId, wholeOf(body));
        if (!added) throw urlTaken(body.url);
        return { data: showWebhook(added) };
      },
    }),
    defineRoute({
      method: 'GET',
      path: WEBHOOKS,
      async handle({ caller }) {
        return { data: webhooks.ofApp(requireApp(caller).appId).toReversed().map(showWebhook) };
      },
    }),
    defineRoute({
      method: 'GET',
      path: WEBHOOK,
      async handle({ caller, ids }) {
        const id = requireId(ids, 'webhook_id');
        return { data: showWebhook(requireFound(webhooks.find(requireApp(caller).appId, id), 'webhook', id)) };
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: WEBHOOK,
      body: PART,
      async handle({ caller, ids, body }) {
        refuseBadUrl(body.url);
        const id = requireId(ids, 'webhook_id');
        const changed = await webhooks.update(requireApp(caller).appId, id, body);
        if (changed === 'taken') throw urlTaken(body.url);
        return { data: showWebhook(requireFound(changed, 'webhook', id)) };
      },
    }),
    defineRoute({
      method: 'PUT',
      path: WEBHOOK,
      body: WHOLE,
      async handle({ caller, ids, body }) {
        refuseBadUrl(body.url);
        const id = requireId(ids, 'webhook_id');
        const changed = await webhooks.update(requireApp(caller).appId, id, wholeOf(body));
        if (changed === 'taken') throw urlTaken(body.url);
        return { data: showWebhook(requireFound(changed, 'webhook', id)) };
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: WEBHOOK,
      async handle({ caller, ids }) {
        const id = requireId(ids, 'webhook_id');
        return { data: showWebhook(requireFound(await webhooks.delete(requireApp(caller).appId, id), 'webhook', id)) };
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${WEBHOOK}/test`,
      async handle({ caller, ids }) {
        const id = requireId(ids, 'webhook_id');
        const webhook = requireFound(webhooks.find(requireApp(caller).appId, id), 'webhook', id);
        const delivery = webhooks.testDeliveryOf(webhook);
        await outbox.append({ callbacks: [delivery] });
        return { data: { id: delivery.id, event: TEST_EVENT } };
      },
    }),
  ];
}

const urlTaken = (url = ''): ApiError => new ApiError(409, `A webhook with url ${url} already exists`);

const wholeOf = ({ enabled = true, ...rest }: Static<typeof WHOLE>) => ({ ...rest, enabled });

function showWebhook(webhook: WebhookRecord) {
  return {
    id: webhook.id,
    name: webhook.name,
    url: webhook.url,
    events: webhook.events,
    enabled: webhook.enabled,
    created_at: isoTime(webhook.createdAtMs),
    updated_at: isoTime(webhook.updatedAtMs),
  };
}

/**
 * Callbacks at the admin API: those that are pending or failed, and sending failed ones again.
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import { appIdOf, CLOSED, orNull, TIME_MS } from './common.ts';

const CALLBACK_APP = appIdOf('Only callbacks of this App.');
const STATUS = Type.Union([Type.Literal('failed'), Type.Literal('pending')]);

/** Selects a page of callbacks. */
export const CALLBACK_LIST_QUERY = Type.Object(
  {
    status: Type.Optional({
      ...STATUS,
      default: 'failed',
      description: '`failed`: failed permanently; `pending`: not delivered yet. Default: failed.',
    }),
    appId: Type.Optional(CALLBACK_APP),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 500, default: 100, description: 'Most entries. Default: 100.' }),
    ),
    after: Type.Optional(Type.Integer({ minimum: 0, description: 'The `next` value of the previous page.' })),
  },
  CLOSED,
);
/** Selects a page of callbacks. */
export type CallbackListQuery = Static<typeof CALLBACK_LIST_QUERY>;

/** A callback that is pending or failed, without its body. */
export const CALLBACK_ITEM = Type.Object({
  id: Type.String({ description: 'The `webhook-id`, the same for every attempt.' }),
  appId: Type.Integer(),
  dialect: Type.String(),
  event: Type.String(),
  url: Type.String({ description: 'The URL without its query, which may contain secrets.' }),
  lane: Type.String({ description: 'App, environment and room: callbacks of one lane and address are sent in order.' }),
  status: STATUS,
  attempts: Type.Integer({ description: 'Number of failed attempts.' }),
  createdAtMs: TIME_MS,
  nextAttemptAtMs: Type.Optional(Type.Integer({ description: 'Only for pending callbacks.' })),
  failedAtMs: Type.Optional(Type.Integer({ description: 'Only for failed callbacks.' })),
  lastStatus: Type.Optional(Type.Integer({ description: 'HTTP status of the last failed attempt.' })),
  lastError: Type.Optional(Type.String({ description: 'Why the last attempt failed.' })),
});
/** A callback that is pending or failed, without its body. */
export type CallbackItem = Static<typeof CALLBACK_ITEM>;

/** A page of callbacks, oldest first. */
export const CALLBACK_LIST = Type.Object({
  callbacks: Type.Array(CALLBACK_ITEM),
  next: orNull(Type.Integer(), 'Start of the next page; null on the last page.'),
});
/** A page of callbacks, oldest first. */
export type CallbackList = Static<typeof CALLBACK_LIST>;

/** The path parameter of a callback. */
export const CALLBACK_PATH = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 64, description: 'The `webhook-id`.' }) },
  CLOSED,
);
/** The path parameter of a callback. */
export type CallbackPath = Static<typeof CALLBACK_PATH>;

/** Sends all failed callbacks of an App again. */
export const REPLAY_BODY = Type.Object({ appId: CALLBACK_APP }, CLOSED);
/** Sends all failed callbacks of an App again. */
export type ReplayBody = Static<typeof REPLAY_BODY>;

/** A callback that is sent again. */
export const REPLAYED_CALLBACK = Type.Object({ id: Type.String(), status: STATUS });
/** A callback that is sent again. */
export type ReplayedCallback = Static<typeof REPLAYED_CALLBACK>;

/** Callbacks that are sent again. */
export const REPLAYED_CALLBACKS = Type.Object({
  replayed: Type.Integer({ description: 'Number of callbacks that are pending again.' }),
});
/** Callbacks that are sent again. */
export type ReplayedCallbacks = Static<typeof REPLAYED_CALLBACKS>;

/**
 * A route of the API as a value: its verb, path, schemas and handler.
 *
 * @module
 */

import { type Static, type TSchema, Type } from 'typebox';
import type { App, Apps } from '../apps/app.ts';
import type { Clock } from '../base/clock.ts';
import type { Bus } from '../bus/bus.ts';
import type { Outbox } from '../callbacks/outbox.ts';
import type { Origin } from '../rooms/commands.ts';
import type { Store } from '../store/store.ts';
import type { Caller, PathIds } from './auth.ts';
import type { ChatLinks } from './chat/chat-links.ts';
import { type Answer, badRequest } from './envelope.ts';
import type { ParticipantTokens } from './tokens.ts';
import { createBodyReader, createQueryReader } from './validate.ts';
import type { Webhooks } from './webhooks/webhooks.ts';

/** The dependencies of the resources. */
export interface ResourceDeps {
  readonly apps: Apps;
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly tokens: ParticipantTokens;
  readonly webhooks: Webhooks;
  readonly outbox: Pick<Outbox, 'append'>;
  readonly chatLinks: ChatLinks;
  /** Whether webhooks may use addresses that are not public. */
  readonly allowPrivateTargets: boolean;
}

/** A validated call, as a handler receives it. */
export interface Call<Body, Query> {
  readonly caller: Caller;
  readonly ids: PathIds;
  readonly body: Body;
  readonly query: Query;
  /** The origin of the command that the call executes. */
  readonly origin: Origin;
}

/** A call that was authorised but not yet validated. */
export type RawCall = Call<unknown, unknown>;

/** A route. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Path after the prefix. */
  readonly path: string;
  /** HTTP status of a success, or of the refusal if the route always refuses. */
  readonly status: number;
  /** The schema of the body, for documentation and tests; undefined for a route without a body. */
  readonly body?: TSchema;
  readonly query?: TSchema;
  /** @throws ApiError which is answered to the caller */
  serve(call: RawCall): Promise<Answer>;
}

/** The body of a call that has none: an empty object is accepted, since some clients always send one. */
const NO_BODY = Type.Object({}, { additionalProperties: false });
const readNoBody = createBodyReader(NO_BODY);

/** Parameters for ids that the server itself generates, which are UUIDs. */
const UUID_IDS = [
  'meeting_id',
  'participant_id',
  'preset_id',
  'session_id',
  'peer_id',
  'webhook_id',
  'recording_id',
  'livestream_id',
  'livestream_session_id',
];
/** The format of ids that the server itself generates. */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Creates a route from a handler and the schemas of its input. Without a body schema, the call must have no body. */
export function defineRoute<B extends TSchema = typeof NO_BODY, Q extends TSchema = typeof NO_BODY>(route: {
  readonly method: Route['method'];
  readonly path: string;
  /** Default 200. */
  readonly status?: number;
  readonly body?: B;
  readonly query?: Q;
  /** Whether a missing body counts as an empty object, if there is a schema. */
  readonly bodyIsOptional?: boolean;
  /** Whether any text is accepted as an id, as in operations on the active session. */
  readonly takesAnyId?: boolean;
  handle(call: Call<Static<B>, Static<Q>>): Promise<Answer>;
}): Route {
  const { method, path, status = 200, takesAnyId = false } = route;
  const readGiven = route.body ? createBodyReader(route.body) : readNoBody;
  const isOptional = !route.body || route.bodyIsOptional === true;
  const readBody = (body: unknown) => readGiven(body === undefined && isOptional ? {} : body);
  const readQuery = createQueryReader(route.query ?? NO_BODY);
  return {
    method,
    path,
    status,
    ...(route.body && { body: route.body }),
    ...(route.query && { query: route.query }),
    async serve(call) {
      if (!takesAnyId) refuseBadIds(call.ids);
      const body = readBody(call.body) as Static<B>;
      return route.handle({ ...call, body, query: readQuery(call.query) as Static<Q> });
    },
  };
}

function refuseBadIds(ids: PathIds): void {
  for (const name of UUID_IDS) {
    const id = ids[name];
    if (id !== undefined && !UUID.test(id)) throw badRequest(`"${name}" must be a valid GUID`);
  }
}

/** Returns an id of the path. */
export function requireId(ids: PathIds, name: string): string {
  const id = ids[name];
  if (id === undefined) throw new Error(`The path has no ${name}`);
  return id;
}

/** Returns the App of the path. */
export function requireApp(caller: Caller): App {
  if (!caller.app) throw new Error('The path has no App id');
  return caller.app;
}

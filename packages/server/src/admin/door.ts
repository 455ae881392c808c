/**
 * The admin door: `/admin/v1`, for operators, moderators and viewers. A Bearer token, or the session of
 * a browser that has signed in with one, identifies the caller and its role.
 *
 * @module
 */

import swagger from '@fastify/swagger';
import type { MediaEngine } from '@gavel/media';
import { ERRORS, isGavelError } from '@gavel/protocol';
import compileSerializer from 'fast-json-stringify';
import type { FastifyInstance } from 'fastify';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import type { Bus } from '../bus/bus.ts';
import type { Peers } from '../cluster/peers.ts';
import { type CountCall, UNKNOWN_OPERATION } from '../telemetry/call-metrics.ts';
import { makeOnce } from '../validation/make-once.ts';
import { type ActRouteDeps, addActRoutes } from './act-routes.ts';
import { type AdminTokenRouteDeps, addAdminTokenRoutes } from './admin-token-routes.ts';
import { type AppRouteDeps, addAppRoutes } from './app-routes.ts';
import { type AuditRouteDeps, addAuditRoutes } from './audit-routes.ts';
import { Authenticator } from './authenticator.ts';
import { addBanRoutes, type BanRouteDeps } from './ban-routes.ts';
import { addCallbackRoutes, type CallbackRouteDeps } from './callback-routes.ts';
import { judgeCalls } from './caller.ts';
import { DryRuns } from './dry-runs.ts';
import { ADMIN_ERRORS, AdminError, type AdminErrorCode, adminErrorBody } from './errors.ts';
import { addEventRoutes } from './event-routes.ts';
import { ManagedCalls, type ManagedCallsDeps } from './managed-calls.ts';
import { addNodeRoutes, type NodeRouteDeps } from './node-routes.ts';
import { OccupancyHistory } from './occupancy.ts';
import { addOverviewRoute, type OverviewRouteDeps } from './overview-routes.ts';
import { addPresetRoutes, type PresetRouteDeps } from './preset-routes.ts';
import { storeRefusedAct } from './refused-acts.ts';
import { Repeats, type RepeatsDeps } from './repeats.ts';
import { addRoomRoutes, type RoomRouteDeps } from './room-routes.ts';
import { addSessionRoutes } from './session-routes.ts';
import { SharedLiveEvents } from './shared-live-events.ts';
import { SharedSessions } from './shared-sessions.ts';
import { StreamMeter } from './stream-meter.ts';
import { addTokenRoutes, type TokenRouteDeps } from './token-routes.ts';

/** The dependencies of the door. */
export interface AdminDoorDeps
  extends Omit<CallbackRouteDeps, 'outbox' | 'managed'>,
    Omit<TokenRouteDeps, 'apps' | 'managed'>,
    Omit<AdminTokenRouteDeps, 'apps' | 'clock' | 'managed'>,
    Omit<RoomRouteDeps, 'meter' | 'bus'>,
    Pick<ActRouteDeps & BanRouteDeps, 'policy' | 'rules'>,
    AuditRouteDeps,
    PresetRouteDeps,
    Pick<NodeRouteDeps, 'readNodeStatus' | 'requestDrain'>,
    Pick<AppRouteDeps, 'createLoginToken'>,
    Omit<RepeatsDeps & ManagedCallsDeps, 'clock'> {
  readonly engine: Pick<MediaEngine, 'dump' | 'health'>;
  readonly outbox: CallbackRouteDeps['outbox'] & OverviewRouteDeps['outbox'];
  readonly apps: AppRouteDeps['apps'] & TokenRouteDeps['apps'];
  /** Returns the key of the configuration that is valid now; it is an owner's. */
  readonly adminKey: () => string;
  readonly bus: Bus;
  readonly peers: Pick<Peers, 'self' | 'nodes' | 'serve' | 'ask' | 'askFor' | 'askAll'>;
  readonly version: string;
  readonly log: { error(facts: object, message: string): void };
  /** Counts calls, for the metrics. */
  readonly countCall?: CountCall;
}

/** The path prefix of the door. */
export const ADMIN_PREFIX = '/admin/v1';

/** The codes of errors of rooms, by their HTTP status. */
const CODE_OF_STATUS: Readonly<Record<number, AdminErrorCode>> = {
  400: 'invalid-request',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  429: 'limited',
  503: 'unavailable',
};

type Fault = Error & { readonly statusCode?: number; readonly validation?: unknown };

/** Adds the routes. Every route requires a token or a session, including the OpenAPI document, but for sign-in. */
export async function registerAdminDoor(http: FastifyInstance, deps: AdminDoorDeps): Promise<void> {
  await http.register(
    async (scope) => {
      const authenticator = new Authenticator(deps);
      const sessions = new SharedSessions(deps.clock, deps.peers);
      judgeCalls(scope, {
        authenticator,
        sessions,
        onRefused: (request, caller) => storeRefusedAct(deps, request, caller),
      });
      scope.addHook('onResponse', async ({ routeOptions: { url, method } }, reply) => {
        const operation = url === undefined ? UNKNOWN_OPERATION : `${method} ${url.slice(ADMIN_PREFIX.length)}`;
        const { statusCode: code, elapsedTime: durationMs } = reply;
        deps.countCall?.({ door: 'admin', operation, code, durationMs });
      });
      // Most processes call few of the routes, and compiling all of them is half of a start.
      scope.setValidatorCompiler(({ schema, httpPart }) =>
        compileOnCall(() => makeValidator(schema, httpPart !== 'body')),
      );
      scope.setSerializerCompiler(({ schema }) => compileOnCall(() => compileSerializer(schema)));
      scope.setErrorHandler((error: Fault, request, reply) => {
        const code = codeOf(error);
        if (code === 'unauthorized') reply.header('www-authenticate', 'Bearer');
        if (code !== 'internal') return reply.code(ADMIN_ERRORS[code]).send(adminErrorBody(code, error.message));
        deps.log.error(
          { err: error, requestId: request.id, method: request.method, url: request.url },
          'admin call failed',
        );
        return reply
          .code(500)
          .send(adminErrorBody(code, `Internal error; see the server log for request id ${request.id}`));
      });
      scope.setNotFoundHandler((request, reply) => {
        const message = `There is no ${request.method} ${request.url.split('?', 1)[0]}`;
        return reply.code(404).send(adminErrorBody('not-found', message));
      });
      await scope.register(swagger, {
        openapi: {
          openapi: '3.1.0',
          info: { title: 'Gavel admin API', version: deps.version },
          components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
          security: [{ token: [] }],
        },
      });
      const managed = new ManagedCalls(deps);
      addAdminTokenRoutes(scope, { ...deps, managed });
      addRoomRoutes(scope, { bus: deps.bus, meter: new StreamMeter(deps.engine, deps.clock) });
      addEventRoutes(scope, { live: new SharedLiveEvents(deps), clock: deps.clock });
      const once = { repeats: new Repeats(deps), dryRuns: new DryRuns(deps) };
      addActRoutes(scope, { ...deps, ...once });
      addBanRoutes(scope, { ...deps, ...once });
      addAuditRoutes(scope, deps);
      addCallbackRoutes(scope, { ...deps, managed });
      addTokenRoutes(scope, { ...deps, managed });
      addAppRoutes(scope, { ...deps, managed });
      addPresetRoutes(scope, deps);
      addNodeRoutes(scope, { ...deps, managed });
      addSessionRoutes(scope, { sessions, authenticator, cookiePath: ADMIN_PREFIX });
      addOverviewRoute(scope, { ...deps, occupancy: watchOccupancy(scope, deps) });
      scope.get('/openapi.json', { config: { right: 'read' }, schema: { hide: true } }, () => scope.swagger());
    },
    { prefix: ADMIN_PREFIX },
  );
}

/** Counts what there is in the rooms until the server closes. */
function watchOccupancy(
  scope: FastifyInstance,
  { bus, clock }: Pick<AdminDoorDeps, 'bus' | 'clock'>,
): OccupancyHistory {
  const occupancy = new OccupancyHistory(clock);
  const unsubscribe = bus.subscribe({ handle: (batch) => occupancy.handle(batch) });
  occupancy.start();
  scope.addHook('onClose', async () => {
    unsubscribe();
    occupancy.close();
  });
  return occupancy;
}

/** Returns a function that is compiled when it is first called. */
function compileOnCall<I, O>(compile: () => (input: I) => O): (input: I) => O {
  const compiled = makeOnce(compile);
  return (input) => compiled()(input);
}

/** Validates strictly: unknown properties are errors, and only values of the query and the path are converted to numbers. */
function makeValidator(schema: unknown, mayConvert: boolean) {
  const validator = Compile(schema as Parameters<typeof Compile>[0]);
  return (input: unknown) => {
    const value: unknown = mayConvert ? Value.Convert(schema as Parameters<typeof Compile>[0], input) : input;
    if (validator.Check(value)) return { value };
    const [first] = validator.Errors(value);
    const where = first?.instancePath.slice(1).replaceAll('/', '.');
    return {
      error: new AdminError('invalid-request', `${where ? `${where}: ` : ''}${first?.message ?? 'is not valid'}`),
    };
  };
}

function codeOf(error: Fault): AdminErrorCode {
  if (error instanceof AdminError) return error.code;
  if (isGavelError(error)) return CODE_OF_STATUS[ERRORS[error.code].status] ?? 'internal';
  // Errors of the framework: a body that is not JSON, or is too long.
  return (error.statusCode ?? 500) < 500 ? 'invalid-request' : 'internal';
}

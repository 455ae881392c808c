/**
 * Processes one call: access, Action, rate limits, parameters, execution, response, log line and audit entry.
 *
 * @module
 */

import { type Environment, isGavelError, type RoomKey } from '@gavel/protocol';
import type { App, Apps } from '../apps/app.ts';
import type { Clock } from '../base/clock.ts';
import type { Bus } from '../bus/bus.ts';
import type { PolicyService } from '../policy/policy-service.ts';
import { type CountCall, UNKNOWN_OPERATION } from '../telemetry/call-metrics.ts';
import type { Logger } from '../telemetry/log.ts';
import { type Access, requireAccess } from './access.ts';
import type { Action, Call, Data, PreparedCall, Subject } from './actions/action.ts';
import { isNotEnabled } from './actions/not-enabled.ts';
import { findAction } from './actions/registry.ts';
import type { Body } from './body.ts';
import { CODES, Refusal, type ReturnCode } from './codes.ts';
import type { Query } from './query.ts';
import { RateLimiter } from './rate.ts';
import type { Replays } from './replays.ts';
import { createRequestIds, type RequestIds } from './request-ids.ts';
import { Sequences } from './sequences.ts';

/** The server parts that the door needs. */
export interface GatewayDeps {
  readonly apps: Apps;
  readonly bus: Bus;
  readonly policy: PolicyService;
  readonly clock: Clock;
  readonly log: Logger;
  readonly replays: Replays;
  /** Counts calls, for the metrics. */
  readonly countCall?: CountCall;
}

/** The body of every response; Data only if the Action has one (ACC-5). */
export interface Answer {
  readonly Code: number;
  readonly Message: string;
  readonly RequestId: string;
  readonly Data?: Data | null;
}

interface Outcome {
  readonly code: ReturnCode;
  readonly message: string;
  readonly data?: Data | null | undefined;
}

/** A call that passed all checks. */
interface Admitted {
  readonly app: App;
  readonly environment: Environment;
  readonly action: Action;
  readonly prepared: PreparedCall;
  /** The nonce of the call, if its App accepts each nonce only once. */
  readonly usedNonce?: Access;
}

const NO_FIELDS: ReadonlyMap<string, unknown> = new Map();
/** Caller-supplied texts are truncated to this many characters in the log. */
const MAX_LOGGED = 64;

const keyOf = (app: App, environment: Environment, roomId: RoomKey['roomId']): RoomKey => ({
  appId: app.appId,
  environment,
  roomId,
});

/** Answers calls. Holds the state that outlives a call: rate windows, sequences, the last request id. */
export class Gateway {
  readonly #deps: GatewayDeps;
  readonly #audit: Logger;
  readonly #rates: RateLimiter;
  readonly #sequences: Sequences;
  readonly #requestIds: RequestIds;

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
    this.#audit = deps.log.child({ audit: true });
    this.#rates = new RateLimiter(deps.clock);
    this.#sequences = new Sequences(deps.clock);
    this.#requestIds = createRequestIds(deps.clock);
  }

  /** Returns whether the public parameters of a call are complete and its signature is correct now. */
  isSigned(query: Query): boolean {
    try {
      requireAccess(query, this.#deps.apps, this.#deps.clock.now());
      return true;
    } catch {
      return false;
    }
  }

  /** Executes a call and returns its response; never throws. */
  async answer(query: Query, body: Body): Promise<Answer> {
    const startedAt = performance.now();
    const requestId = this.#requestIds.next();
    const { code, message, data } = await this.#do(query, body, requestId);
    const durationMs = performance.now() - startedAt;
    // The caller does not wait for the metrics and the log: it gets its answer in this turn of the event loop.
    setImmediate(() => this.#report(query, requestId, code, durationMs));
    return { Code: code.code, Message: message, RequestId: requestId, ...(data !== undefined && { Data: data }) };
  }

  /** Returns the response to a call that could not be executed, such as at a node that cannot be reached. */
  answerFailure(query: Query, error: unknown): Answer {
    const requestId = this.#requestIds.next();
    const action = findAction(query.scalar('Action')?.text ?? '');
    const { code, message, data } = this.#outcomeOf(error, requestId, action);
    return { Code: code.code, Message: message, RequestId: requestId, ...(data !== undefined && { Data: data }) };
  }

  async #do(query: Query, body: Body, requestId: string): Promise<Outcome> {
    let admitted: Admitted;
    try {
      admitted = this.#admit(query, body);
    } catch (error) {
      return this.#outcomeOf(error, requestId, undefined);
    }
    const { app, environment, action, prepared, usedNonce } = admitted;
    const actor = `app:${app.appId}`;
    const call: Call = {
      bus: this.#deps.bus,
      policy: this.#deps.policy,
      clock: this.#deps.clock,
      sequences: this.#sequences,
      scope: { appId: app.appId, environment },
      origin: { channel: 'backend', door: 'zego', requestId, actor },
      keyOf: (roomId) => keyOf(app, environment, roomId),
    };
    let outcome: Outcome;
    try {
      // Stored before the call is executed: otherwise a restart would allow the same call again (ACC-7).
      if (usedNonce) await this.#deps.replays.store(usedNonce, this.#deps.clock.now());
      const data = await prepared.run(call);
      outcome = { code: CODES.success, message: action.family.message, data: data ?? action.family.noData };
    } catch (error) {
      outcome = this.#outcomeOf(error, requestId, action);
    }
    const { subject } = prepared;
    if (subject) setImmediate(() => this.#writeAudit(admitted, subject, requestId, outcome.code));
    return outcome;
  }

  /**
   * All checks before a call changes anything. They run synchronously: between the check of a limit and
   * its use no other call may run, or concurrent calls could exceed the limit.
   */
  #admit(query: Query, body: Body): Admitted {
    const nowMs = this.#deps.clock.now();
    const access: Access = requireAccess(query, this.#deps.apps, nowMs, body);
    const { app, environment } = access;
    const action = findAction(access.action);
    if (!action) throw new Refusal(isNotEnabled(access.action) ? CODES.serviceNotEnabled : CODES.actionNotSupported);
    const isOnce = action.changes && app.rejectReplays;
    if (isOnce) this.#deps.replays.check(access, nowMs);
    this.#rates.checkApp(action, app, environment);
    if (body.kind === 'refused') throw new Refusal(body.code);
    const prepared = action.prepare({ query, fields: body.kind === 'object' ? body.fields : NO_FIELDS });
    const room = prepared.ratedRoom && keyOf(app, environment, prepared.ratedRoom);
    if (room) this.#rates.checkRoom(action, room);
    this.#rates.count(action, app, environment, room);
    if (isOnce) this.#deps.replays.reserve(access);
    return { app, environment, action, prepared, ...(isOnce && { usedNonce: access }) };
  }

  #outcomeOf(error: unknown, requestId: string, action: Action | undefined): Outcome {
    if (error instanceof Refusal) {
      return { code: error.returnCode, message: error.message, data: error.data ?? action?.family.noData };
    }
    const refusal = isGavelError(error) ? action?.refusals[error.code] : undefined;
    if (refusal) return { code: refusal, message: refusal.meaning, data: action?.family.noData };
    this.#deps.log.error({ requestId, err: error }, 'zego call failed');
    const code = action?.fault ?? CODES.internal;
    const message = isGavelError(error, 'server.store-unavailable') ? error.message : code.meaning;
    return { code, message, data: action?.family.noData };
  }

  #report(query: Query, requestId: string, { code }: ReturnCode, durationMs: number): void {
    const appId = this.#deps.apps.find(Number(query.scalar('AppId')?.text))?.appId;
    const operation = findAction(query.scalar('Action')?.text ?? '')?.name ?? UNKNOWN_OPERATION;
    this.#deps.countCall?.({ door: 'zego', appId, operation, code, durationMs });
    this.#deps.log.info(
      {
        requestId,
        action: query.scalar('Action')?.text.slice(0, MAX_LOGGED),
        appId: query.scalar('AppId')?.text.slice(0, MAX_LOGGED),
        code,
        durationMs: Math.round(durationMs * 1000) / 1000,
      },
      'zego call',
    );
  }

  #writeAudit({ app, environment, action }: Admitted, subject: Subject, requestId: string, code: ReturnCode): void {
    this.#audit.info(
      {
        requestId,
        who: `app:${app.appId}`,
        ...(subject.actor !== undefined && { actor: subject.actor }),
        action: action.name,
        appId: app.appId,
        environment,
        ...(subject.room !== undefined && { room: subject.room }),
        targets: subject.targets,
        reason: subject.reason,
        code: code.code,
      },
      'zego change',
    );
  }
}

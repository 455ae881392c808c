/**
 * The definition of an Action. Each Action is one file with its parameters, rate limits, behaviour and return codes.
 *
 * To add an Action, write its file and put it in `registry.ts`.
 *
 * @example
 * export const closeRoom = defineAction({
 *   name: 'CloseRoom',
 *   rate: { production: 1, test: 1 },
 *   parameters: { roomId: requiredText('RoomId', ROOM_ID) },
 *   refusals: { 'room.not-found': CODES.roomGone5018 },
 *   fault: CODES.internal,
 *   describe: ({ roomId }) => ({ room: roomId, targets: [], reason: '' }),
 *   run: async ({ roomId }, call) => { ... },
 * });
 *
 * @module
 */

import {
  type ErrorCode,
  MAX_BYTES,
  parseRoomId,
  parseStreamId,
  parseUserId,
  type RoomId,
  type RoomKey,
} from '@gavel/protocol';
import type { AppScope } from '../../base/app-scope.ts';
import type { Clock } from '../../base/clock.ts';
import type { Bus } from '../../bus/bus.ts';
import type { PolicyService } from '../../policy/policy-service.ts';
import type { Origin } from '../../rooms/commands.ts';
import { CODES, type ReturnCode } from '../codes.ts';
import type { ParameterFacts, ParameterSource, Reader } from '../params.ts';
import type { ActionRate, RoomRate } from '../rate.ts';
import type { Sequences } from '../sequences.ts';

/** What an Action can use while it runs. */
export interface Call {
  readonly bus: Bus;
  readonly policy: PolicyService;
  readonly clock: Clock;
  readonly sequences: Sequences;
  /** The caller's own App and environment. */
  readonly scope: AppScope;
  readonly origin: Origin;
  /** Returns the key of a room of the caller's own App and environment; other rooms cannot be reached (ACC-6). */
  keyOf(roomId: RoomId): RoomKey;
}

/** The Data of a response. */
export type Data = Readonly<Record<string, unknown>>;

/** The target of a change, for the audit log. */
export interface Subject {
  readonly room?: RoomId;
  /** The users or streams acted on. */
  readonly targets: readonly string[];
  /** The caller's text, unchanged (KICK-11). */
  readonly reason: string;
  /** The user in whose name the caller acts. */
  readonly actor?: string;
}

/** Response format of the Actions of one of the vendor's services. */
export interface Family {
  /** The Message of a success. */
  readonly message: string;
  /** The Data of a success that has none; undefined leaves the field out. */
  readonly noData: null | undefined;
  /** Answered over the limit of the App. */
  readonly rateExceeded: ReturnCode;
}

/** Rooms, users, messages, and the streams of a room. */
export const ROOM_FAMILY: Family = { message: 'success', noData: undefined, rateExceeded: CODES.appRateExceeded };
/** Streams of the App, whatever their room (reference zego 1.9, 2.5). */
export const MEDIA_FAMILY: Family = { message: 'ok', noData: null, rateExceeded: CODES.mediaRateExceeded };

/** An Action as its file defines it. */
export interface ActionSpec<P extends object> {
  readonly name: string;
  /** Default: `ROOM_FAMILY`. */
  readonly family?: Family;
  /** Calls per second of one App; its configuration may say otherwise (RATE-1). */
  readonly rate: ActionRate;
  /** An additional limit for each room. */
  readonly roomRate?: RoomRate & { readonly roomOf: (params: P) => RoomId };
  /** Parameters in the order in which they are read; the first invalid one determines the response. */
  readonly parameters: { readonly [K in keyof P]: Reader<P[K]> };
  /** Validates the parameters in combination. @throws Refusal 2 */
  readonly check?: (params: P) => void;
  /** Return codes for the errors of rooms. */
  readonly refusals: Partial<Record<ErrorCode, ReturnCode>>;
  /** Other codes with which `run` may refuse. */
  readonly codes?: readonly ReturnCode[];
  /** The code for unexpected errors. */
  readonly fault: ReturnCode;
  /** Describes the change for the audit log. Only Actions that change something define it. */
  readonly describe?: (params: P) => Subject;
  /** @returns the Data of the response, if the Action has any */
  readonly run: (params: P, call: Call) => Promise<Data | undefined>;
}

/** A call with valid parameters. */
export interface PreparedCall {
  /** The room whose limit applies. */
  readonly ratedRoom?: RoomId;
  readonly subject?: Subject;
  run(call: Call): Promise<Data | undefined>;
}

/** An Action as the door uses it. */
export interface Action {
  readonly name: string;
  readonly family: Family;
  readonly rateExceeded: ReturnCode;
  readonly rate: ActionRate;
  readonly roomRate?: RoomRate;
  readonly changes: boolean;
  readonly parameters: readonly ParameterFacts[];
  readonly refusals: Partial<Record<ErrorCode, ReturnCode>>;
  readonly codes: readonly ReturnCode[];
  readonly fault: ReturnCode;
  /** @throws Refusal if a parameter is wrong */
  prepare(source: ParameterSource): PreparedCall;
}

/** Creates an Action from its definition. */
export function defineAction<P extends object>(spec: ActionSpec<P>): Action {
  const { family = ROOM_FAMILY } = spec;
  const readers = Object.entries<Reader<P[keyof P]>>(spec.parameters);
  return {
    name: spec.name,
    family,
    rateExceeded: family.rateExceeded,
    rate: spec.rate,
    ...(spec.roomRate && { roomRate: spec.roomRate }),
    changes: spec.describe !== undefined,
    parameters: readers.map(([, reader]) => reader),
    refusals: spec.refusals,
    codes: spec.codes ?? [],
    fault: spec.fault,
    prepare(source) {
      const params = Object.fromEntries(readers.map(([key, reader]) => [key, reader.read(source)])) as P;
      spec.check?.(params);
      const subject = spec.describe?.(params);
      return {
        ...(spec.roomRate && { ratedRoom: spec.roomRate.roomOf(params) }),
        ...(subject && { subject }),
        run: (call) => spec.run(params, call),
      };
    },
  };
}

/** Returns every code that an Action may answer in addition to the public codes, in ascending order. */
export function codesOfAction(action: Action): readonly ReturnCode[] {
  const codes = new Set<ReturnCode>([
    CODES.success,
    action.rateExceeded,
    ...(action.roomRate ? [CODES.roomRateExceeded] : []),
    ...action.parameters.flatMap((parameter) => parameter.codes),
    ...Object.values(action.refusals),
    ...action.codes,
    action.fault,
  ]);
  return [...codes].sort((a, b) => a.code - b.code);
}

/** How a room id is read (ROOM-6). */
export const ROOM_ID = { maxBytes: MAX_BYTES.roomId, parse: parseRoomId } as const;
/** How a user id is read (ROOM-6). */
export const USER_ID = { maxBytes: MAX_BYTES.userId, parse: parseUserId } as const;
/** How a stream id is read. */
export const STREAM_ID = { maxBytes: MAX_BYTES.streamId, parse: parseStreamId } as const;

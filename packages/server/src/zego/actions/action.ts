/**
 * Actions: what one is made of. Each is one file: its parameters, its rates, what it does, its return codes.
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
import type { Origin } from '../../rooms/commands.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { CODES, type ReturnCode } from '../codes.ts';
import type { ParameterFacts, ParameterSource, Reader } from '../params.ts';
import type { ActionRate, RoomRate } from '../rate.ts';

/** What an Action may use while it runs. */
export interface Call {
  readonly rooms: Rooms;
  readonly origin: Origin;
  /** Names a room of the caller's own App and environment; no other can be reached (ACC-6). */
  keyOf(roomId: RoomId): RoomKey;
}

/** The Data of an answer. */
export type Data = Readonly<Record<string, unknown>>;

/** What a change was about, for the audit log. */
export interface Subject {
  readonly room: RoomId;
  /** The users or streams acted on. */
  readonly targets: readonly string[];
  /** The caller's text, as it came (KICK-11). */
  readonly reason: string;
  /** The user in whose name the caller acts. */
  readonly actor?: string;
}

/** An Action as its file writes it. */
export interface ActionSpec<P extends object> {
  readonly name: string;
  /** Calls per second of one App; its configuration may say otherwise (RATE-1). */
  readonly rate: ActionRate;
  /** A limit for each room beside. */
  readonly roomRate?: RoomRate & { readonly roomOf: (params: P) => RoomId };
  /** Read in this order; the first that is wrong answers. */
  readonly parameters: { readonly [K in keyof P]: Reader<P[K]> };
  /** How errors of rooms are answered. */
  readonly refusals: Partial<Record<ErrorCode, ReturnCode>>;
  /** Answered where something failed that nobody foresaw. */
  readonly fault: ReturnCode;
  /** What a change is about. An Action that has it changes something, and is written to the audit log. */
  readonly describe?: (params: P) => Subject;
  /** @returns the answer's Data, where the Action has one */
  readonly run: (params: P, call: Call) => Promise<Data | undefined>;
}

/** A call whose parameters are right. */
export interface PreparedCall {
  /** The room whose own limit counts. */
  readonly ratedRoom?: RoomId;
  readonly subject?: Subject;
  run(call: Call): Promise<Data | undefined>;
}

/** An Action as the door uses it. */
export interface Action {
  readonly name: string;
  readonly rate: ActionRate;
  readonly roomRate?: RoomRate;
  readonly changes: boolean;
  readonly parameters: readonly ParameterFacts[];
  readonly refusals: Partial<Record<ErrorCode, ReturnCode>>;
  readonly fault: ReturnCode;
  /** @throws Refusal where a parameter is wrong */
  prepare(source: ParameterSource): PreparedCall;
}

/** Makes an Action of what its file says. */
export function defineAction<P extends object>(spec: ActionSpec<P>): Action {
  const readers = Object.entries<Reader<P[keyof P]>>(spec.parameters);
  return {
    name: spec.name,
    rate: spec.rate,
    ...(spec.roomRate && { roomRate: spec.roomRate }),
    changes: spec.describe !== undefined,
    parameters: readers.map(([, reader]) => reader),
    refusals: spec.refusals,
    fault: spec.fault,
    prepare(source) {
      const params = Object.fromEntries(readers.map(([key, reader]) => [key, reader.read(source)])) as P;
      const subject = spec.describe?.(params);
      return {
        ...(spec.roomRate && { ratedRoom: spec.roomRate.roomOf(params) }),
        ...(subject && { subject }),
        run: (call) => spec.run(params, call),
      };
    },
  };
}

/** Every code that an Action may answer beside the public ones, in rising order. */
export function codesOfAction(action: Action): readonly ReturnCode[] {
  const codes = new Set<ReturnCode>([
    CODES.success,
    CODES.appRateExceeded,
    ...(action.roomRate ? [CODES.roomRateExceeded] : []),
    ...action.parameters.flatMap((parameter) => parameter.codes),
    ...Object.values(action.refusals),
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

/**
 * Connected meetings (breakout rooms): present for the call surface, inactive because this server does not connect meetings
 * (reference realtimekit 8.1).
 *
 * @module
 */

import { CODES, RealtimeKitError } from './errors.ts';
import { EventEmitter } from './event-emitter.ts';
import type { Meta } from './meta.ts';

/** A meeting, and who is in it. */
export interface ConnectedMeeting {
  readonly id?: string;
  readonly title?: string;
  readonly participants: {
    readonly id?: string;
    readonly customParticipantId?: string;
    readonly presetId?: string;
    readonly displayName?: string;
    readonly displayPictureUrl?: string;
  }[];
}

/** The events of connected meetings. */
export interface ConnectedMeetingsEvents {
  /** `getConnectedMeetings` was called; the other events are not emitted. */
  stateUpdate: [state: { readonly meetings: ConnectedMeeting[]; readonly parentMeeting: ConnectedMeeting }];
  changingMeeting: [meetingId: string];
  meetingChanged: [meeting: unknown];
}

/** The meetings that are connected to this one. There are none; every change is refused. */
export class ConnectedMeetings extends EventEmitter<ConnectedMeetingsEvents> {
  readonly meetings: ConnectedMeeting[] = [];
  readonly #meta: Meta;

  constructor(meta: Meta) {
    super();
    this.#meta = meta;
  }

  /** Whether there are connected meetings. */
  get isActive(): boolean {
    return false;
  }

  /** Whether the server can connect meetings. */
  get supportsConnectedMeetings(): boolean {
    return false;
  }

  /** This meeting; its participants are in `participants`, not here. */
  get parentMeeting(): ConnectedMeeting {
    return { id: this.#meta.meetingId, title: this.#meta.meetingTitle, participants: [] };
  }

  /** Returns this meeting as the parent, and no others; emits `stateUpdate`, from which the vendor's UI kit takes them. */
  async getConnectedMeetings(): Promise<{ parentMeeting: ConnectedMeeting; meetings: ConnectedMeeting[] }> {
    const state = { parentMeeting: this.parentMeeting, meetings: [] };
    this.emit('stateUpdate', state);
    return state;
  }

  /** @throws RealtimeKitError `0100`: this server does not connect meetings */
  async createMeetings(_request: readonly { title: string }[]): Promise<{ id: string; title: string }[]> {
    return refuse();
  }

  /** @throws RealtimeKitError as `createMeetings` */
  async updateMeetings(_request: readonly { id: string; title: string }[]): Promise<void> {
    refuse();
  }

  /** @throws RealtimeKitError as `createMeetings` */
  async deleteMeetings(_meetingIds: readonly string[]): Promise<{ id: string }[]> {
    return refuse();
  }

  /** @throws RealtimeKitError as `createMeetings` */
  async moveParticipants(
    _sourceMeetingId: string,
    _destinationMeetingId: string,
    _participantIds: readonly string[],
  ): Promise<{ success: boolean }> {
    return refuse();
  }

  /** @throws RealtimeKitError as `createMeetings` */
  async moveParticipantsWithCustomPreset(
    _sourceMeetingId: string,
    _destinationMeetingId: string,
    _participants: readonly { id: string; presetId: string }[],
  ): Promise<{ success: boolean }> {
    return refuse();
  }
}

function refuse(): never {
  throw new RealtimeKitError(CODES.noConnectedMeetings, 'this server does not connect meetings');
}

/**
 * The part of a preset that does not change during a session; it is for the application's use (reference realtimekit 8.2).
 *
 * @module
 */

import type { IdentifyResult } from '@gavel/protocol';
import { EventEmitter } from './event-emitter.ts';
import { asJson, type Json, textOf } from './json.ts';

/** What the preset's participants wait for. */
export type WaitingRoomBehaviour = 'SKIP' | 'ON_PRIVILEGED_USER_ENTRY' | 'SKIP_ON_ACCEPT';

/** The settings of the own preset; in rooms without presets, those of a preset without permissions. */
export class PresetFacts<Events extends { [E in keyof Events]: unknown[] }> extends EventEmitter<Events> {
  #preset: Json = {};

  get canRecord(): boolean {
    return this.#flag('can_record');
  }

  get canLivestream(): boolean {
    return this.#flag('can_livestream');
  }

  get canSpotlight(): boolean {
    return this.#flag('can_spotlight');
  }

  get acceptWaitingRequests(): boolean {
    return this.#flag('accept_waiting_requests');
  }

  /** `SKIP`, `ON_PRIVILEGED_USER_ENTRY` or `SKIP_ON_ACCEPT`. */
  get waitingRoomBehaviour(): WaitingRoomBehaviour {
    return this.#text('waiting_room_type', 'SKIP') as WaitingRoomBehaviour;
  }

  get hiddenParticipant(): boolean {
    return this.#flag('hidden_participant');
  }

  get showParticipantList(): boolean {
    return this.#flag('show_participant_list');
  }

  get stageEnabled(): boolean {
    return this.#flag('stage_enabled');
  }

  /** `ALLOWED`, `NOT_ALLOWED` or `CAN_REQUEST`. */
  get stageAccess(): string {
    return this.#text('stage_access', 'NOT_ALLOWED');
  }

  get acceptStageRequests(): boolean {
    return this.#flag('accept_stage_requests');
  }

  get isRecorder(): boolean {
    return this.#flag('is_recorder');
  }

  get transcriptionEnabled(): boolean {
    return this.#flag('transcription_enabled');
  }

  get canAllowParticipantAudio(): boolean {
    return this.#flag('can_accept_production_requests');
  }

  get canAllowParticipantVideo(): boolean {
    return this.#flag('can_accept_production_requests');
  }

  get canAllowParticipantScreensharing(): boolean {
    return this.#flag('can_accept_production_requests');
  }

  get plugins(): {
    readonly canStart: boolean;
    readonly canClose: boolean;
    readonly canEditConfig: boolean;
    readonly config: Record<string, never>;
  } {
    const plugins = asJson(this.#preset.plugins);
    return {
      canStart: plugins.can_start === true,
      canClose: plugins.can_close === true,
      canEditConfig: plugins.can_edit_config === true,
      config: {},
    };
  }

  get connectedMeetings(): {
    readonly canAlterConnectedMeetings: boolean;
    readonly canSwitchConnectedMeetings: boolean;
    readonly canSwitchToParentMeeting: boolean;
  } {
    const meetings = asJson(this.#preset.connected_meetings);
    return {
      canAlterConnectedMeetings: meetings.can_alter_connected_meetings === true,
      canSwitchConnectedMeetings: meetings.can_switch_connected_meetings === true,
      canSwitchToParentMeeting: meetings.can_switch_to_parent_meeting === true,
    };
  }

  /** Handles the preset in the answer of a login. */
  protected handleFacts(facts: NonNullable<IdentifyResult['facts']>): void {
    this.#preset = asJson(facts.permissions);
  }

  #flag(key: string): boolean {
    return this.#preset[key] === true;
  }

  #text(key: string, fallback: string): string {
    return textOf(this.#preset[key], fallback);
  }
}

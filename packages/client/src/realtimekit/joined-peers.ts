/**
 * The connections in the room as plain objects, in the shapes of the vendor's two lists.
 *
 * @module
 */

import type { WireMember } from '@gavel/protocol';
import { type PersonFields, toPersonFields } from './profile.ts';
import { type StageStatus, toStageStatus } from './stage.ts';

/** One connection of a participant in the room, the own one included. */
export interface JoinedPeer extends PersonFields {
  /** The peer id. */
  readonly id: string;
  /** The same as `name`. */
  readonly displayName: string;
  readonly waitlisted: boolean;
  /** Empty: only the preset's name is known. */
  readonly presetId: string;
  readonly stageType: StageStatus;
  readonly stageStatus: StageStatus;
  readonly metadata: { readonly preset_name: string };
  readonly recorderType: string;
  /** Hidden participants and recorders are not among the participants in the room. */
  readonly flags: {
    readonly hiddenParticipant: boolean;
    readonly hidden_participant: boolean;
    readonly recorder: boolean;
  };
}

/** The stage in the vendor's numbers: 1 on it, 2 accepted, 3 requested, 4 off it. */
const STAGE_TYPES: Readonly<Record<StageStatus, number>> = {
  ON_STAGE: 1,
  ACCEPTED_TO_JOIN_STAGE: 2,
  REQUESTED_TO_JOIN_STAGE: 3,
  OFF_STAGE: 4,
};

/** One connection of a participant in the room, as `getParticipantsInMeetingPreJoin` lists it. */
export interface RoomPeer {
  readonly peerId: string;
  readonly userId: string;
  readonly displayName: string;
  /** Undefined if there is none, as the following two. */
  readonly displayPictureUrl?: string;
  readonly customParticipantId?: string;
  readonly presetId?: string;
  readonly stageType?: number;
  readonly waitlisted: boolean;
  readonly flags?: {
    readonly presetName: string;
    readonly recorderType: string;
    readonly hiddenParticipant: boolean;
  };
}

/** Returns a connection as `getAllJoinedPeers` lists it. */
export function toJoinedPeer(
  id: string,
  { userId, name, picture, customParticipantId, presetName }: PersonFields,
  stageStatus: StageStatus,
): JoinedPeer {
  return {
    id,
    userId,
    name,
    displayName: name,
    picture,
    customParticipantId,
    presetId: '',
    presetName,
    metadata: { preset_name: presetName },
    waitlisted: false,
    stageType: stageStatus,
    stageStatus,
    recorderType: 'NONE',
    flags: { hiddenParticipant: false, hidden_participant: false, recorder: false },
  };
}

/** Returns a member as `getParticipantsInMeetingPreJoin` lists it. */
export function toRoomPeer({ memberId, user, profile, stage }: WireMember): RoomPeer {
  const { userId, name, picture, customParticipantId, presetName } = toPersonFields(user, profile);
  return {
    peerId: memberId,
    userId,
    displayName: name,
    displayPictureUrl: picture,
    customParticipantId,
    presetId: '',
    stageType: STAGE_TYPES[toStageStatus(stage)],
    waitlisted: false,
    flags: { presetName, recorderType: 'NONE', hiddenParticipant: false },
  };
}

/**
 * What a preset lets a member do, in the words of rooms (AUTH-2, HOST-1).
 *
 * @module
 */

import type { Permissions } from '../rooms/member.ts';
import type { PresetDefinition } from './preset-schema.ts';

/** Gives the permissions of a preset. `CAN_REQUEST` allows nothing by itself. */
export function permissionsOf({ permissions }: PresetDefinition): Permissions {
  const { audio, video } = permissions.media;
  return {
    publishAudio: audio.can_produce === 'ALLOWED',
    publishVideo: video.can_produce === 'ALLOWED',
    moderation: {
      kick: permissions.kick_participant,
      muteAudio: permissions.disable_participant_audio,
      muteVideo: permissions.disable_participant_video,
      changePermissions: permissions.can_change_participant_permissions,
    },
    chat: {
      sendPublic: permissions.chat.public.can_send && permissions.chat.public.text,
      sendPrivate: permissions.chat.private.can_send && permissions.chat.private.text,
      receivePrivate: permissions.chat.private.can_receive,
    },
  };
}

/**
 * What a preset lets a member do, in the words of rooms (AUTH-2, HOST-1).
 *
 * @module
 */

import type { WaitingTerms } from '../rooms/commands.ts';
import type { Permissions } from '../rooms/member.ts';
import type { PresetDefinition } from './preset-schema.ts';

const UNTIL = { ON_PRIVILEGED_USER_ENTRY: 'attended', SKIP_ON_ACCEPT: 'accepted' } as const;

/**
 * Returns what a preset's logins wait for; undefined is nothing (WAIT-1).
 *
 * @param keepAliveMs how long a session may be continued after its last participant, in milliseconds
 */
export function waitsOf({ permissions }: PresetDefinition, keepAliveMs: number): WaitingTerms | undefined {
  const { waiting_room_type: type } = permissions;
  return type === 'SKIP' ? undefined : { until: UNTIL[type], rememberedForMs: keepAliveMs };
}

/** Returns the permissions of a preset. `CAN_REQUEST` allows nothing by itself. */
export function permissionsOf({ config, permissions }: PresetDefinition): Permissions {
  const { audio, video, screenshare } = permissions.media;
  // What a hidden one says and shows would give it away.
  const isSeen = !permissions.hidden_participant;
  return {
    ...(permissions.hidden_participant && { hidden: true }),
    ...(!permissions.show_participant_list && { listsMembers: false }),
    publishAudio: isSeen && audio.can_produce === 'ALLOWED',
    publishVideo: isSeen && video.can_produce === 'ALLOWED',
    // One of cameras and one of screens: nobody gets past the count of screens by more streams of another source.
    maxStreamsOfSource: 1,
    screen: { publish: isSeen && screenshare.can_produce === 'ALLOWED', maxInRoom: config.max_screenshare_count },
    moderation: {
      kick: permissions.kick_participant,
      muteAudio: permissions.disable_participant_audio,
      muteVideo: permissions.disable_participant_video,
      muteScreen: permissions.disable_participant_screensharing,
      changePermissions: permissions.can_change_participant_permissions,
      pin: permissions.pin_participant,
      acceptWaiting: permissions.accept_waiting_requests,
    },
    rename: permissions.can_edit_display_name,
    chat: {
      sendPublic: isSeen && permissions.chat.public.can_send && permissions.chat.public.text,
      sendPrivate: isSeen && permissions.chat.private.can_send && permissions.chat.private.text,
      receivePrivate: permissions.chat.private.can_receive,
    },
    polls: {
      create: isSeen && permissions.polls.can_create,
      vote: isSeen && permissions.polls.can_vote,
      view: permissions.polls.can_view,
    },
  };
}

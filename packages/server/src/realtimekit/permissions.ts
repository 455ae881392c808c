/**
 * Converts presets to the permissions of room members (AUTH-2, HOST-1).
 *
 * @module
 */

import type { WaitingTerms } from '../rooms/commands.ts';
import type { ChatRights, Permissions } from '../rooms/member.ts';
import type { PresetDefinition } from './preset-schema.ts';

const STAGE_ACCESS = { ALLOWED: 'allowed', CAN_REQUEST: 'on-request', NOT_ALLOWED: 'none' } as const;
const UNTIL = { ON_PRIVILEGED_USER_ENTRY: 'attended', SKIP_ON_ACCEPT: 'accepted' } as const;

/**
 * Returns when logins with a preset have to wait for admission; undefined if never (WAIT-1).
 *
 * @param keepAliveMs how long a session may be continued after its last participant left, in milliseconds
 */
export function waitsOf({ permissions }: PresetDefinition, keepAliveMs: number): WaitingTerms | undefined {
  const { waiting_room_type: type } = permissions;
  return type === 'SKIP' ? undefined : { until: UNTIL[type], rememberedForMs: keepAliveMs };
}

/** Returns the permissions of a preset. Media with `CAN_REQUEST` is allowed on the stage. */
export function permissionsOf({ config, permissions }: PresetDefinition): Permissions {
  const { audio, video, screenshare } = permissions.media;
  // Messages and media would reveal a hidden participant.
  const isSeen = !permissions.hidden_participant;
  const hasStage = permissions.stage_enabled === true;
  const mayProduce = ({ can_produce: access }: { readonly can_produce: string }): boolean =>
    isSeen && (access === 'ALLOWED' || (hasStage && access === 'CAN_REQUEST'));
  return {
    ...(permissions.hidden_participant && { hidden: true }),
    ...(!permissions.show_participant_list && { listsMembers: false }),
    publishAudio: mayProduce(audio),
    publishVideo: mayProduce(video),
    // One camera and one screen: otherwise a member could exceed the limit of screens with streams of another source.
    maxStreamsOfSource: 1,
    screen: { publish: mayProduce(screenshare), maxInRoom: config.max_screenshare_count },
    moderation: {
      kick: permissions.kick_participant,
      muteAudio: permissions.disable_participant_audio,
      muteVideo: permissions.disable_participant_video,
      muteScreen: permissions.disable_participant_screensharing,
      changePermissions: permissions.can_change_participant_permissions,
      pin: permissions.pin_participant,
      acceptWaiting: permissions.accept_waiting_requests,
      ...(hasStage && { acceptStage: permissions.accept_stage_requests ?? false }),
    },
    ...(hasStage && { stage: { access: STAGE_ACCESS[permissions.stage_access ?? 'NOT_ALLOWED'] } }),
    rename: permissions.can_edit_display_name,
    chat: chatRightsOf(permissions.chat, isSeen),
    polls: {
      create: isSeen && permissions.polls.can_create,
      vote: isSeen && permissions.polls.can_vote,
      view: permissions.polls.can_view,
    },
  };
}

/** Who may send neither text nor files may not send. A flag that is on is left out, as it is the default. */
function chatRightsOf(chat: PresetDefinition['permissions']['chat'], isSeen: boolean): ChatRights {
  const maySend = ({ can_send, text, files }: { can_send: boolean; text: boolean; files: boolean }) =>
    isSeen && can_send && (text || files);
  return {
    sendPublic: maySend(chat.public),
    sendPrivate: maySend(chat.private),
    receivePrivate: chat.private.can_receive,
    ...(!chat.public.text && { publicText: false }),
    ...(!chat.private.text && { privateText: false }),
    ...(!chat.public.files && { publicFiles: false }),
    ...(!chat.private.files && { privateFiles: false }),
  };
}

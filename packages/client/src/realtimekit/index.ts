/**
 * `@gavel/client/realtimekit`: the call surface of RealtimeKit's web core over Gavel's core.
 *
 * @module
 */

export { LEAVE_STATE_OF_CAUSE, type LeaveState } from './causes.ts';
export { Chat, type ChatEvents, type FetchOptions, type TextMessage } from './chat.ts';
export { RealtimeKitClient, type RealtimeKitOptions } from './client.ts';
export { RealtimeKitError } from './errors.ts';
export { Meta, type MetaEvents, type SocketState } from './meta.ts';
export type { DeviceListUpdate } from './own-devices.ts';
export type { ScreenShareState, ScreenShareTracks } from './own-screen.ts';
export { type AudioState, Participant, type ParticipantEvents, type VideoState } from './participant.ts';
export { ParticipantMap, type ParticipantMapEvents } from './participant-map.ts';
export { type BroadcastTarget, type JoinedPeer, Participants, type ParticipantsEvents } from './participants.ts';
export { Permissions, type PermissionsEvents, type PermissionsPatch } from './permissions.ts';
export { type Poll, type PollOption, Polls, type PollsEvents } from './polls.ts';
export { type RoomState, Self, type SelfEvents, type WaitlistStatus } from './self.ts';

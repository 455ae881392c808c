/**
 * The type names of the vendor's package: an application that imports them compiles after its import was swapped.
 *
 * @module
 */

import type { RateLimits } from './call-limit.ts';
import type { MediaConfiguration } from './capture-settings.ts';
import type { LeaveState } from './causes.ts';
import type { Chat } from './chat.ts';
import type { Message } from './chat-message.ts';
import type { RealtimeKitOptions } from './client.ts';
import type { ConnectedMeetings } from './connected-meetings.ts';
import type { Livestream } from './livestream.ts';
import type { ActiveTab, MediaState, Meta, SocketState, TransportState } from './meta.ts';

export type { ActiveTab } from './meta.ts';

import type { Participant } from './participant.ts';
import type { ParticipantMap } from './participant-map.ts';
import type { Participants } from './participants.ts';
import type { Permissions } from './permissions.ts';
import type { Plugin, PluginMap, Plugins } from './plugins.ts';
import type { Polls } from './polls.ts';
import type { Recording } from './recording.ts';
import type { Self } from './self.ts';
import type { SelfMedia } from './self-media.ts';
import type { Store, StoreData } from './store.ts';
import type { ThemePreset } from './theme-preset.ts';

/** Another participant, or one who waits. */
export type RTKBasicParticipant = Readonly<Participant>;
/** The chat module. */
export type RTKChat = Readonly<Chat>;
/** The options of `init`. */
export type RTKClientOptions = RealtimeKitOptions;
/** The options of `init`, under another name. */
export type RTKConfigOptions = RealtimeKitOptions;
/** The module of connected meetings, which is inactive. */
export type RTKConnectedMeetings = Readonly<ConnectedMeetings>;
/** The livestream module, which is inactive. */
export type RTKLivestream = Readonly<Livestream>;
/** Writes log lines. */
export type RTKLogger = Participants['all']['logger'];
/** What is known of the meeting. */
export type RTKMeta = Readonly<Meta>;
/** Another participant. */
export type RTKParticipant = Readonly<Participant>;
/** A list of participants. */
export type RTKParticipantMap = Readonly<ParticipantMap>;
/** The other participants. */
export type RTKParticipants = Readonly<Participants>;
/** What the preset permits. */
export type RTKPermissionsPreset = Readonly<Permissions>;
/** A plugin. */
export type RTKPlugin = Readonly<Plugin>;
/** A list of plugins. */
export type RTKPluginMap = Readonly<PluginMap>;
/** The plugins module, which is inactive. */
export type RTKPlugins = Readonly<Plugins>;
/** The polls module. */
export type RTKPolls = Readonly<Polls>;
/** The recording module, which is inactive. */
export type RTKRecording = Readonly<Recording>;
/** The own participant. */
export type RTKSelf = Readonly<Self>;
/** The media of the own participant. */
export type RTKSelfMedia = Readonly<SelfMedia>;
/** Key-value data that the participants share. */
export type RTKStore = Store;
/** The content of a store. */
export type RTKStoreData = StoreData;
/** A rate limit of changes. */
export type RTKStoreRateLimitConfig = RateLimits;
/** The look that the preset names. */
export type RTKThemePreset = Readonly<ThemePreset>;

/** How a participant has left. */
export type LeaveRoomState = LeaveState;
/** How a participant has left, in the spelling of a value. */
export type leaveRoomState = LeaveState;
/** The state of the signalling connection. */
export type SocketConnectionState = SocketState;
/** The states of both directions of the media connection. */
export type MediaConnectionState = MediaState;
/** The state of one direction of the media connection. */
export interface MediaConnectionUpdate {
  readonly transport: 'send' | 'recv';
  readonly state: TransportState;
}
/** The limits of captured media. */
export type MediaConstraints = MediaConfiguration;
/** A kind of media. */
export type MediaKind = 'audio' | 'video';
/** A change of the chat. */
export interface ChatUpdateParams {
  readonly action: 'add' | 'edit' | 'delete';
  readonly message: Message;
  readonly messages: Message[];
}
/** What kind of thing is shown to everybody. */
export type ActiveTabType = ActiveTab['type'];
/** The payload of `broadcastMessage`. */
export interface BroadcastMessagePayload {
  [key: string]: boolean | number | string | Date | ActiveTab;
}
/** A plugin that an application brings; there are none here. */
export interface ClientPluginConfig {
  readonly name: string;
  readonly icon: string;
  readonly id: string;
  readonly permissions: ClientPluginPermissions;
  readonly component: unknown;
}
/** Who may use a plugin. */
export interface ClientPluginPermissions {
  readonly canActivate: boolean;
  readonly canDeactivate: boolean;
}
/** How a livestream is begun; it is refused here. */
export interface StartLivestreamConfig {
  readonly manualIngestion: boolean;
}
/** Where a livestream is sent to; there is none here. */
export interface LivestreamIngestionCredentials {
  readonly ingestionServer: string;
  readonly streamKey: string;
}
/** Facts of a log line. */
export type LogData = Readonly<Record<string, unknown>>;
/** What the vendor's client keeps of a login; it is not used here. */
export type CachedUserDetails = Readonly<Record<string, unknown>>;
/** What the vendor's service answers about a login; it is not used here. */
export type UserDetailsResponseV2 = Readonly<Record<string, unknown>>;

/**
 * The presets that every new App has (reference 5.1), so that participants can be added at once.
 *
 * @module
 */

import type { PresetTemplate } from '../apps/app-registry.ts';
import type { PresetDefinition } from './preset-schema.ts';

type Config = PresetDefinition['config'];
type Permissions = PresetDefinition['permissions'];

const config = (viewType: Config['view_type']): Config => ({
  view_type: viewType,
  max_video_streams: { desktop: 10, mobile: 6 },
  max_screenshare_count: 1,
  media: {
    video: { quality: 'hd', frame_rate: 30 },
    screenshare: { quality: 'hd', frame_rate: 5 },
    audio: { enable_stereo: false, enable_high_bitrate: false },
  },
});

const ui: PresetDefinition['ui'] = {
  design_tokens: {
    border_radius: 'rounded',
    border_width: 'thin',
    spacing_base: 4,
    theme: 'dark',
    colors: {
      brand: { 300: '#844d1c', 400: '#9d5b22', 500: '#b56927', 600: '#d37c30', 700: '#d9904f' },
      background: { 600: '#222222', 700: '#1f1f1f', 800: '#1b1b1b', 900: '#181818', 1000: '#141414' },
      danger: '#FF2D2D',
      success: '#62A504',
      warning: '#FFCD07',
      text: '#EEEEEE',
      text_on_brand: '#EEEEEE',
      video_bg: '#191919',
    },
  },
};

const allMedia = (access: 'ALLOWED' | 'CAN_REQUEST'): Permissions['media'] => ({
  audio: { can_produce: access },
  video: { can_produce: access },
  screenshare: { can_produce: access },
});

/**
 * What no server of Gavel does: recording, live streams, spotlights of tabs, plugins, connected meetings, transcripts. A client that
 * shows its buttons by the preset shows none for them.
 */
const inactive = {
  can_record: false,
  can_livestream: false,
  can_spotlight: false,
  plugins: { can_start: false, can_close: false, can_edit_config: false, config: {} },
  connected_meetings: {
    can_alter_connected_meetings: false,
    can_switch_connected_meetings: false,
    can_switch_to_parent_meeting: false,
  },
  transcription_enabled: false,
} satisfies Partial<Permissions>;

/** Permissions of a host, who runs the meeting. */
const host: Permissions = {
  ...inactive,
  kick_participant: true,
  disable_participant_audio: true,
  disable_participant_video: true,
  disable_participant_screensharing: true,
  pin_participant: true,
  can_change_participant_permissions: true,
  can_edit_display_name: true,
  accept_waiting_requests: true,
  can_accept_production_requests: true,
  hidden_participant: false,
  show_participant_list: true,
  waiting_room_type: 'SKIP',
  recorder_type: 'NONE',
  media: allMedia('ALLOWED'),
  chat: {
    public: { can_send: true, text: true, files: true },
    private: { can_send: true, can_receive: true, text: true, files: true },
  },
  polls: { can_create: true, can_vote: true, can_view: true },
  is_recorder: false,
};

/** Permissions of a participant, who has no control over others. */
const participant: Permissions = {
  ...host,
  kick_participant: false,
  disable_participant_audio: false,
  disable_participant_video: false,
  disable_participant_screensharing: false,
  pin_participant: false,
  can_change_participant_permissions: false,
  accept_waiting_requests: false,
  can_accept_production_requests: false,
  polls: { can_create: false, can_vote: true, can_view: true },
};

const preset = (name: string, definition: PresetDefinition): PresetTemplate => ({ name, definition });

/** The presets of a new App, oldest first. */
export const STOCK_PRESETS: readonly PresetTemplate[] = [
  preset('group_call_host', { config: config('GROUP_CALL'), permissions: host, ui }),
  preset('group_call_participant', { config: config('GROUP_CALL'), permissions: participant, ui }),
  preset('webinar_presenter', {
    config: config('WEBINAR'),
    permissions: { ...host, stage_enabled: true, stage_access: 'ALLOWED', accept_stage_requests: true },
    ui,
  }),
  preset('webinar_viewer', {
    config: config('WEBINAR'),
    permissions: {
      ...participant,
      media: allMedia('CAN_REQUEST'),
      stage_enabled: true,
      stage_access: 'CAN_REQUEST',
      accept_stage_requests: false,
    },
    ui,
  }),
];

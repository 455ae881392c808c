/**
 * The schema of presets (reference 5.5).
 *
 * @module
 */

import { type Static, type TSchema, Type } from 'typebox';
import type { JsonObject } from '../store/store.ts';

const closed = { additionalProperties: false } as const;
const yesNo = Type.Boolean();
const count = Type.Integer({ minimum: 0, maximum: 10_000 });
const colour = Type.String({ minLength: 1, maxLength: 64 });
const quality = Type.Enum(['hd', 'vga', 'qvga', 'fhd', 'uhd']);
const frameRate = Type.Number({ minimum: 1, maximum: 120 });
const access = Type.Enum(['ALLOWED', 'NOT_ALLOWED', 'CAN_REQUEST']);
const canProduce = Type.Object({ can_produce: access }, closed);

const config = Type.Object(
  {
    view_type: Type.Enum(['GROUP_CALL', 'WEBINAR', 'AUDIO_ROOM', 'LIVESTREAM']),
    max_video_streams: Type.Object({ desktop: count, mobile: count }, closed),
    max_screenshare_count: count,
    media: Type.Object(
      {
        video: Type.Object({ quality, frame_rate: frameRate, simulcast: Type.Optional(yesNo) }, closed),
        screenshare: Type.Object({ quality, frame_rate: frameRate }, closed),
        audio: Type.Optional(
          Type.Object({ enable_stereo: Type.Optional(yesNo), enable_high_bitrate: Type.Optional(yesNo) }, closed),
        ),
      },
      closed,
    ),
    livestream_viewer_qualities: Type.Optional(Type.Union([Type.Array(Type.Number(), { maxItems: 32 }), Type.Null()])),
  },
  closed,
);

const plugin = Type.Object(
  {
    access_control: Type.Optional(Type.Enum(['FULL_ACCESS', 'VIEW_ONLY'])),
    handles_view_only: Type.Optional(yesNo),
  },
  closed,
);

const permissions = Type.Object(
  {
    kick_participant: yesNo,
    disable_participant_audio: yesNo,
    disable_participant_video: yesNo,
    disable_participant_screensharing: yesNo,
    pin_participant: yesNo,
    can_spotlight: yesNo,
    can_change_participant_permissions: yesNo,
    can_edit_display_name: yesNo,
    can_record: yesNo,
    can_livestream: yesNo,
    accept_waiting_requests: yesNo,
    can_accept_production_requests: yesNo,
    hidden_participant: yesNo,
    show_participant_list: yesNo,
    waiting_room_type: Type.Enum(['SKIP', 'ON_PRIVILEGED_USER_ENTRY', 'SKIP_ON_ACCEPT']),
    recorder_type: Type.Enum(['RECORDER', 'LIVESTREAMER', 'NONE']),
    media: Type.Object({ audio: canProduce, video: canProduce, screenshare: canProduce }, closed),
    chat: Type.Object(
      {
        public: Type.Object({ can_send: yesNo, text: yesNo, files: yesNo }, closed),
        private: Type.Object({ can_send: yesNo, can_receive: yesNo, text: yesNo, files: yesNo }, closed),
      },
      closed,
    ),
    polls: Type.Object({ can_create: yesNo, can_vote: yesNo, can_view: yesNo }, closed),
    plugins: Type.Object(
      { can_start: yesNo, can_close: yesNo, can_edit_config: yesNo, config: Type.Record(Type.String(), plugin) },
      closed,
    ),
    connected_meetings: Type.Object(
      {
        can_alter_connected_meetings: yesNo,
        can_switch_connected_meetings: yesNo,
        can_switch_to_parent_meeting: yesNo,
      },
      closed,
    ),
    stage_enabled: Type.Optional(yesNo),
    stage_access: Type.Optional(access),
    accept_stage_requests: Type.Optional(yesNo),
    transcription_enabled: Type.Optional(yesNo),
    is_recorder: Type.Optional(yesNo),
  },
  closed,
);

const ui = Type.Object(
  {
    design_tokens: Type.Object(
      {
        border_radius: Type.Enum(['sharp', 'rounded', 'extra-rounded', 'circular']),
        border_width: Type.Enum(['none', 'thin', 'fat']),
        spacing_base: Type.Number({ minimum: 0, maximum: 1000 }),
        theme: Type.Enum(['darkest', 'dark', 'light']),
        colors: Type.Object(
          {
            brand: Type.Object({ 300: colour, 400: colour, 500: colour, 600: colour, 700: colour }, closed),
            background: Type.Object({ 600: colour, 700: colour, 800: colour, 900: colour, 1000: colour }, closed),
            danger: colour,
            success: colour,
            warning: colour,
            text: colour,
            text_on_brand: colour,
            video_bg: colour,
          },
          closed,
        ),
        font_family: Type.Optional(Type.String({ maxLength: 256 })),
        google_font: Type.Optional(Type.String({ maxLength: 256 })),
        logo: Type.Optional(Type.String({ maxLength: 2048 })),
      },
      closed,
    ),
  },
  closed,
);

/** A preset without its name: meeting view settings, permissions, appearance. */
export const PRESET_DEFINITION = Type.Object({ config, permissions, ui }, closed);

/** A preset without its name. */
export type PresetDefinition = Static<typeof PRESET_DEFINITION>;

const name = Type.String({ minLength: 1, maxLength: 256 });
const whole = { name, config, permissions, ui };

/** The body that creates or replaces a preset: complete. */
export const CREATE_PRESET = Type.Object(whole, closed);

/** The body that changes a preset: any part of it, at any depth; omitted fields stay unchanged. */
export const UPDATE_PRESET = deepPartial(CREATE_PRESET);

/** A change of a preset: every field is optional, at every depth. */
export type PresetChange = DeepPartial<Static<typeof CREATE_PRESET>>;

type DeepPartial<T> = { readonly [K in keyof T]?: T[K] extends object ? DeepPartial<T[K]> : T[K] };

/** Returns the schema of a part of an object: all properties optional, in nested objects too; other types are unchanged. */
function deepPartial(schema: TSchema): TSchema {
  const { type, properties } = schema as { readonly type?: string; readonly properties?: Record<string, TSchema> };
  if (type !== 'object' || properties === undefined) return schema;
  const parts = Object.entries(properties).map(([key, value]) => [key, Type.Optional(deepPartial(value))]);
  return Type.Object(Object.fromEntries(parts) as Record<string, TSchema>, closed);
}

/** Merges a change into a preset's definition: objects are merged, lists and plain values replaced. */
export function mergeDefinition(before: JsonObject, change: JsonObject): JsonObject {
  const merged = new Map(Object.entries(before));
  for (const [key, value] of Object.entries(change)) {
    const old = merged.get(key);
    merged.set(key, isObject(old) && isObject(value) ? mergeDefinition(old, value) : value);
  }
  return Object.fromEntries(merged);
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The schema of meetings (reference 5.2).
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import type { MeetingRecord } from '../store/store.ts';
import { badRequest } from './envelope.ts';
import { HTTP_ADDRESS } from './validate.ts';

const closed = { additionalProperties: false } as const;
const yesNo = Type.Optional(Type.Boolean());
const yesNoOrNull = Type.Optional(Type.Union([Type.Boolean(), Type.Null()]));
const text = (maxLength: number) => Type.Optional(Type.String({ maxLength }));
const oneOf = <const T extends string[]>(...values: T) => Type.Optional(Type.Enum<T>(values));
const pixels = Type.Optional(Type.Integer({ minimum: 1, maximum: 1920 }));
const size = Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 }));

const aiConfig = Type.Object(
  {
    summarization: Type.Optional(
      Type.Object(
        {
          summary_type: oneOf(
            'general',
            'team_meeting',
            'sales_call',
            'client_check_in',
            'interview',
            'daily_standup',
            'one_on_one_meeting',
            'lecture',
            'code_review',
          ),
          text_format: oneOf('plain_text', 'markdown'),
          word_limit: Type.Optional(Type.Integer({ minimum: 150, maximum: 1000 })),
        },
        closed,
      ),
    ),
    transcription: Type.Optional(
      Type.Object(
        {
          keywords: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 1000 })),
          language: oneOf('en-US', 'en-IN', 'de', 'hi', 'sv', 'ru', 'pl', 'el', 'fr', 'nl'),
          profanity_filter: yesNo,
        },
        closed,
      ),
    ),
  },
  closed,
);

const storageConfig = Type.Object(
  {
    type: oneOf('aws', 'azure', 'digitalocean', 'gcs', 'sftp'),
    bucket: text(1024),
    path: text(1024),
    region: text(256),
    host: text(256),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    username: text(256),
    auth_method: oneOf('KEY', 'PASSWORD'),
    access_key: text(1024),
    secret: text(4096),
    private_key: text(16_384),
    password: text(1024),
  },
  closed,
);

const recordingConfig = Type.Object(
  {
    max_seconds: Type.Optional(Type.Number({ minimum: 60, maximum: 86_400 })),
    file_name_prefix: text(256),
    audio_config: Type.Optional(
      Type.Object({ channel: oneOf('mono', 'stereo'), codec: oneOf('MP3', 'AAC'), export_file: yesNo }, closed),
    ),
    video_config: Type.Optional(
      Type.Object(
        {
          codec: oneOf('H264', 'VP8', 'VP9'),
          width: pixels,
          height: pixels,
          export_file: yesNo,
          watermark: Type.Optional(
            Type.Object(
              {
                url: Type.Optional(Type.String({ maxLength: 2048, pattern: HTTP_ADDRESS, format: 'url' })),
                position: oneOf('left top', 'right top', 'left bottom', 'right bottom'),
                size: Type.Optional(Type.Object({ width: size, height: size }, closed)),
              },
              closed,
            ),
          ),
        },
        closed,
      ),
    ),
    live_streaming_config: Type.Optional(
      Type.Object({ rtmp_url: Type.Optional(Type.String({ maxLength: 2048, format: 'url' })) }, closed),
    ),
    realtimekit_bucket_config: Type.Optional(Type.Object({ enabled: Type.Boolean() }, closed)),
    storage_config: Type.Optional(Type.Union([storageConfig, Type.Null()])),
  },
  closed,
);

const common = {
  title: Type.Optional(Type.Union([Type.String({ maxLength: 256 }), Type.Null()])),
  persist_chat: yesNo,
  session_keep_alive_time_in_secs: Type.Optional(Type.Number({ minimum: 60, maximum: 600 })),
  transcribe_on_end: yesNo,
  summarize_on_end: yesNo,
  ai_config: Type.Optional(aiConfig),
  recording_config: Type.Optional(recordingConfig),
  /** Sent by older clients; accepted and not stored, because this server has a single region. */
  preferred_region: Type.Optional(
    Type.Union([Type.Enum(['ap-south-1', 'ap-southeast-1', 'us-east-1', 'eu-central-1']), Type.Null()]),
  ),
};

/** The body that creates a meeting; `{}` is sufficient. */
export const CREATE_MEETING = Type.Object(
  { ...common, record_on_start: yesNoOrNull, live_stream_on_start: yesNoOrNull },
  closed,
);

/** The body that changes a meeting; omitted fields stay unchanged. */
export const UPDATE_MEETING = Type.Object(
  { ...common, record_on_start: yesNo, live_stream_on_start: yesNo, status: oneOf('ACTIVE', 'INACTIVE') },
  closed,
);

/** The settings of a meeting, without its title and status. */
export interface MeetingSettings {
  readonly persist_chat: boolean;
  readonly record_on_start: boolean;
  readonly live_stream_on_start: boolean;
  readonly session_keep_alive_time_in_secs: number;
  readonly transcribe_on_end: boolean;
  readonly summarize_on_end: boolean;
  readonly ai_config?: Static<typeof aiConfig>;
  readonly recording_config?: Static<typeof recordingConfig>;
}

/** The default settings. */
export const DEFAULT_SETTINGS: MeetingSettings = {
  persist_chat: false,
  record_on_start: false,
  live_stream_on_start: false,
  session_keep_alive_time_in_secs: 60,
  transcribe_on_end: false,
  summarize_on_end: false,
};

/** Returns how long a meeting's session may be continued after its last participant left, in milliseconds. */
export function keepAliveMsOf({ settings }: Pick<MeetingRecord, 'settings'>): number {
  return (settings as unknown as MeetingSettings).session_keep_alive_time_in_secs * 1000;
}

type RecordingConfig = NonNullable<MeetingSettings['recording_config']>;

/** Checks that a storage has the fields that its type requires. @throws ApiError 400 if one is missing */
export function refuseIncompleteStorage(recording: RecordingConfig | undefined): void {
  const storage = recording?.storage_config;
  if (!storage) return;
  const needed = neededBy(storage).find((name) => storage[name] === undefined);
  if (needed) throw badRequest(`"recording_config.storage_config.${needed}" is required`);
}

function neededBy({ type, auth_method: method }: Static<typeof storageConfig>) {
  if (type === 'aws' || type === 'azure' || type === 'digitalocean') return ['access_key', 'region'] as const;
  if (type !== 'sftp') return [];
  if (method === 'KEY') return ['private_key'] as const;
  return method === 'PASSWORD' ? (['password'] as const) : [];
}

/** Returns a recording's configuration without its write-only secrets. */
export function withoutSecrets(recording: RecordingConfig): RecordingConfig {
  if (!recording.storage_config) return recording;
  const { access_key: _a, secret: _s, private_key: _k, password: _p, ...shown } = recording.storage_config;
  return { ...recording, storage_config: shown };
}

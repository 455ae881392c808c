/**
 * RealtimeKit's web core: what is compared with it, and notes for its page.
 *
 * @module
 */

import type { Note, Pair, Vendor } from './vendor.ts';

/** Methods of the emitter that each module extends; compared once, on `self`. */
const EMITTER = [
  'emit',
  'on',
  'addListener',
  'off',
  'once',
  'prependListener',
  'prependOnceListener',
  'removeListener',
  'removeAllListeners',
  'listeners',
  'listenerCount',
  'eventNames',
  'getMaxListeners',
  'rawListeners',
  'setMaxListeners',
];

/** Describes a module of the client; emitter methods are left out. */
function describeModule(title: string, vendor: string, ours: string): Pair {
  return { title, kind: 'members', vendor, ours, omit: EMITTER };
}

/** Describes an event map; both sides call it by the same name. */
function describeEvents(title: string): Pair {
  return { title, kind: 'events', vendor: `Vendor.${title}`, ours: `Ours.${title}`, omit: ['*'] };
}

const PAIRS: readonly Pair[] = [
  { title: 'Package', kind: 'members', vendor: 'typeof Vendor', ours: 'typeof Ours' },
  {
    title: 'RealtimeKitClient (static)',
    kind: 'members',
    vendor: 'typeof Vendor.default',
    ours: 'typeof Ours.RealtimeKitClient',
  },
  describeModule('RealtimeKitClient', 'Vendor.default', 'Ours.RealtimeKitClient'),
  {
    title: 'Event emitter',
    kind: 'members',
    vendor: `Pick<Vendor.Self, ${EMITTER.filter((name) => name !== 'emit')
      .map((name) => `'${name}'`)
      .join(' | ')}>`,
    ours: "Ours.RealtimeKitClient['self']",
  },
  describeModule('self', "Vendor.default['self']", "Ours.RealtimeKitClient['self']"),
  describeEvents('SelfEvents'),
  describeModule('self.permissions', "Vendor.Self['permissions']", "Ours.RealtimeKitClient['self']['permissions']"),
  describeEvents('PermissionEvents'),
  describeModule('self.config', "Vendor.Self['config']", "Ours.RealtimeKitClient['self']['config']"),
  describeModule('participants', "Vendor.default['participants']", "Ours.RealtimeKitClient['participants']"),
  describeEvents('ParticipantsEvents'),
  {
    title: 'participants.joined and other maps',
    kind: 'members',
    omit: ['emit'],
    vendor: "Vendor.default['participants']['joined']",
    ours: "Ours.RealtimeKitClient['participants']['joined']",
  },
  describeEvents('ParticipantMapEvents'),
  describeModule(
    'participants.all',
    "Vendor.default['participants']['all']",
    "Ours.RealtimeKitClient['participants']['all']",
  ),
  describeModule(
    'participants.pip',
    "Vendor.default['participants']['pip']",
    "Ours.RealtimeKitClient['participants']['pip']",
  ),
  describeEvents('PipEvents'),
  describeModule('Participant', 'Vendor.Participant', 'Ours.Participant'),
  describeEvents('ParticipantEvents'),
  describeModule('meta', "Vendor.default['meta']", "Ours.RealtimeKitClient['meta']"),
  describeEvents('MetaEvents'),
  describeModule('chat', "Vendor.default['chat']", "Ours.RealtimeKitClient['chat']"),
  describeEvents('ChatEvents'),
  describeModule('polls', "Vendor.default['polls']", "Ours.RealtimeKitClient['polls']"),
  describeEvents('PollsEvents'),
  describeModule('stage', "Vendor.default['stage']", "Ours.RealtimeKitClient['stage']"),
  describeEvents('StageEvents'),
  describeModule('plugins', "Vendor.default['plugins']", "Ours.RealtimeKitClient['plugins']"),
  describeModule('recording', "Vendor.default['recording']", "Ours.RealtimeKitClient['recording']"),
  describeEvents('RecordingEvents'),
  describeModule('livestream', "Vendor.default['livestream']", "Ours.RealtimeKitClient['livestream']"),
  describeEvents('LivestreamEvents'),
  describeModule('ai', "Vendor.default['ai']", "Ours.RealtimeKitClient['ai']"),
  describeEvents('AiEvents'),
  describeModule(
    'connectedMeetings',
    "Vendor.default['connectedMeetings']",
    "Ours.RealtimeKitClient['connectedMeetings']",
  ),
  describeEvents('ConnectedMeetingsEvents'),
  describeModule('stores', "Vendor.default['stores']", "Ours.RealtimeKitClient['stores']"),
  describeModule('Store', 'Vendor.Store', "Awaited<ReturnType<Ours.RealtimeKitClient['stores']['create']>>"),
  describeModule('audio', "Vendor.default['audio']", "Ours.RealtimeKitClient['audio']"),
];

/** What the SDK of the vendor calls itself. */
const INNER: Readonly<Record<string, string>> = {
  // An application listens; only the SDK emits.
  TypedEventEmitter$1: 'logger emit',
  ClientMap: 'emit',
  Self: 'telemetry producers cleanupEvents destructMediaHandler removeDocumentEventListeners',
  SelfMedia: 'context',
  Participants: 'telemetry setupEvents selectedPeers',
  BasicParticipantsMap: '__set __clear',
  Participant: 'telemetry producers manualProducerConfig',
  Plugin: 'telemetry activePluginsStore',
  Chat: 'telemetry',
  Stage: 'telemetry',
  Recording: 'telemetry updateRecordings',
  Livestream: 'telemetry setLivestreamState',
  Ai: 'telemetry onTranscript',
};

const NOTES: readonly Note[] = [
  {
    title: 'ParticipantsEvents',
    names: 'media_decode_error',
    state: 'limited',
    text: 'Raised with 1702 if video has arrived for 5 s and no frame of it was decoded; there is no end-to-end encryption that could fail.',
  },
  ...PAIRS.map(
    ({ title }): Note => ({
      title,
      names: '*',
      state: 'limited',
      text: 'It takes or returns types that lack some of what the vendor declares.',
    }),
  ),
];

/** RealtimeKit's web core. */
export const REALTIMEKIT: Vendor = {
  id: 'realtimekit',
  name: 'RealtimeKit for web',
  packageName: '@cloudflare/realtimekit',
  declarations: 'node_modules/@cloudflare/realtimekit/dist/index.d.ts',
  inner: INNER,
  reveal: [
    'Self',
    'Store',
    'Plugin',
    'PluginMap',
    'Participant',
    'ParticipantMap',
    'TypedEventEmitter$1',
    'SelfEvents',
    'MetaEvents',
    'ParticipantsEvents',
    'ParticipantEvents',
    'ParticipantMapEvents',
    'ChatEvents',
    'PollsEvents',
    'StageEvents',
    'PermissionEvents',
    'LivestreamEvents',
    'RecordingEvents',
    'AiEvents',
    'ConnectedMeetingsEvents',
    'PluginEvents',
    'PluginMapEvents',
    'PipEvents',
  ],
  ours: 'packages/client/src/realtimekit/index.ts',
  pairs: PAIRS,
  notes: NOTES,
  floor: { present: 418, assignable: 399 },
};

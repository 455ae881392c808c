/**
 * ZEGO's web SDK: what is compared with it, and notes for its page.
 *
 * @module
 */

import type { Note, Vendor } from './vendor.ts';

const FOLDER = 'node_modules/zego-express-engine-webrtc/sdk/code/zh';

/** The services that Gavel lacks, each with what it would need. Their calls exist and answer that they are not supported. */
const INACTIVE: readonly { readonly names: string; readonly text: string; readonly needs: string }[] = [
  {
    names: 'startMixerTask stopMixerTask setMixerTaskConfig startAutoMixerTask stopAutoMixerTask',
    text: 'Rejects with 1101003: there is no cloud mixing.',
    needs: 'a server that decodes, mixes and encodes streams',
  },
  {
    names: 'addPublishCdnUrl removePublishCdnUrl',
    text: 'Rejects with 1101003: streams are not relayed to a CDN.',
    needs: 'an RTMP sender beside the media server',
  },
  {
    names: 'setEffectsBeauty setLowlightEnhancement',
    text: 'Rejects with 1103072.',
    needs: 'a processor of video frames in the client, with its models',
  },
  {
    names:
      'initBackgroundModule setBackgroundBlurOptions setTransparentBackgroundOptions setVirtualBackgroundOptions enableBackgroundProcess',
    text: 'Rejects with 1101003: virtual backgrounds are a module of the vendor.',
    needs: 'a model that separates persons from the background, and a processor of video frames in the client',
  },
  {
    names: 'setDummyCaptureImagePath',
    text: 'Warns and resolves with false.',
    needs: 'a canvas stream that takes the place of a closed camera, in the client',
  },
  {
    names:
      'setVoiceChangerPreset setVoiceChangerParam setReverbPreset enableVirtualStereo enableLiveAudioEffect setAudioChangerParam',
    text: 'Rejects with 1101003: voice effects are a module of the vendor.',
    needs: 'audio worklets in the client',
  },
  {
    names: 'enableAiDenoise setAiDenoiseMode',
    text: "Rejects with 1101003; the browser's own noise suppression (`ANS`) works.",
    needs: 'a noise model in an audio worklet',
  },
  {
    names: 'createAudioEffectPlayer loadAudioEffect unloadAudioEffect',
    text: 'Throws or rejects with 1101003, and `unloadAudioEffect` returns false; `startMixingAudio` mixes media elements.',
    needs: 'a player of audio buffers in the client, over the mixer that is there',
  },
  {
    names: 'setAudioFrameCallback setCaptureAudioFrameCallback',
    text: 'Rejects with 1101003.',
    needs: 'an audio worklet in the client that hands over frames',
  },
  {
    names: 'setLowStreamParameter',
    text: 'Warns: the smaller sizes are a quarter and half of the width.',
    needs: 'a choice of sizes and bitrates for each layer in the core',
  },
  {
    names: 'enableHardwareEncoder',
    text: 'Warns: the browser chooses its encoder.',
    needs: 'a setting that browsers do not have',
  },
  {
    names: 'setStreamAlignmentProperty',
    text: 'Warns and resolves with false.',
    needs: 'a time of capture in each stream, and players that wait for each other',
  },
  {
    names: 'createRangeAudioInstance',
    text: 'Throws 1101003.',
    needs: 'positions of users in the room, and volumes that follow from them',
  },
  {
    names: 'createStreamCompositor',
    text: 'Throws 1101003.',
    needs: 'a canvas in the client on which several streams are drawn',
  },
  {
    names: 'createCopyrightedMusic destroyCopyrightedMusic',
    text: 'Throws 1101003; destroying does nothing.',
    needs: 'a licensed catalogue of music',
  },
  {
    names: 'createRealTimeSequentialDataManager destroyRealTimeSequentialDataManager',
    text: 'Throws 1101003; destroying does nothing.',
    needs: 'data channels in the media server',
  },
  {
    names: 'sendTransparentMessage',
    text: 'Rejects with 1009010.',
    needs: 'messages with binary content in the signalling protocol',
  },
  {
    names: 'getElectronScreenSources',
    text: 'Rejects with 1103043; `screen` captures what the user chooses.',
    needs: 'a bridge to the main process of Electron',
  },
  {
    names: 'uploadLog',
    text: 'Rejects with 1102025: nothing is logged but warnings.',
    needs: 'a log in the client, and an address of the server that takes it',
  },
  {
    names: 'callExperimentalAPI',
    text: 'Rejects with 1100001.',
    needs: 'to be known: the vendor documents no experimental call',
  },
];

/** Events of the same services: they can be listened to, and are never emitted. */
const SILENT: readonly { readonly names: string; readonly needs: string }[] = [
  { names: 'beautyEffectError backgroundEffectError', needs: 'the effects' },
  { names: 'mixerSoundLevelUpdate autoMixerSoundLevelUpdate mixerRelayCDNStateUpdate', needs: 'cloud mixing' },
  { names: 'recvRoomTransparentMessage', needs: '`sendTransparentMessage`' },
  { names: 'recvExperimentalAPI', needs: '`callExperimentalAPI`' },
  { names: 'hallStateUpdate', needs: 'a hall of rooms' },
  { names: 'publisherVideoEncoderChanged', needs: 'a change of the codec of a stream that is up' },
];

const STATIC = 'ZegoExpressEngine (static)';

const LIMITS: readonly { readonly title: string; readonly names: string; readonly text: string }[] = [
  {
    title: 'ZegoExpressEngine',
    names: 'sendSEI',
    text: "SEI of H.264, and a form of Gavel's own in VP8, which other SDKs do not read. It returns false in a browser without encoded transforms.",
  },
  {
    title: 'ZegoExpressEngine',
    names: 'setSEIConfig',
    text: '`unregisterSEIFilter` is honoured; `SEIPass` and `emulationPreventionByte` have no effect.',
  },
  {
    title: 'ZegoEvent',
    names: 'exceptionUpdate',
    text: 'Only 1009 and 2009: received video is paused for want of bandwidth, and sent again. The quality reports have the other figures.',
  },
  {
    title: 'ZegoExpressEngine',
    names: 'checkSystemRequirements',
    text: 'The level of a check has no effect: the codecs that the browser says it can send are reported.',
  },
  {
    title: 'ZegoExpressEngine',
    names: 'setLogConfig setDebugVerbose',
    text: 'Turns the warnings of the page on or off; there is no other log, and none is uploaded.',
  },
  {
    title: 'ZegoExpressEngine',
    names: 'setEngineConfig',
    text: '`room_retry_time` (seconds) is honoured; a warning names what else is set.',
  },
  {
    title: 'ZegoExpressEngine',
    names: 'setRoomScenario',
    text: 'Accepted before a login, as by the vendor; it tunes nothing.',
  },
  {
    title: 'ZegoExpressEngine',
    names: 'getNetworkTimeInfo',
    text: "The server's time as of the last login; zero before it.",
  },
  {
    title: STATIC,
    names: 'use setEngineOptions setGeoFence setCloudProxyConfig setLocalProxyConfig',
    text: 'Accepted; a warning says that it has no effect.',
  },
  { title: STATIC, names: 'presetLogConfig', text: 'As `setLogConfig`.' },
  { title: 'ZegoEvent', names: 'networkQuality', text: 'The own network only, with an empty user id.' },
  {
    title: 'ZegoPlayStats',
    names: 'peerToPeerDelay peerToPeerPacketLostRate',
    text: 'Between the server and the player: the way of the publisher to the server is not in it.',
  },
  {
    title: 'ZegoPublishVideoStats',
    names: 'isHardwareEncode',
    text: 'Where the browser says it.',
  },
];

const NOTES: readonly Note[] = [
  {
    title: 'ZegoExpressEngine',
    names: 'zegoWebRTM',
    state: 'internal',
    text: "The room part of the vendor's engine.",
  },
  {
    title: 'ZegoLocalStream',
    names: 'zegoStream',
    state: 'internal',
    text: "The capture part of the vendor's stream.",
  },
  ...INACTIVE.map((note): Note => ({ ...note, title: 'ZegoExpressEngine', state: 'inactive' })),
  ...SILENT.map((note): Note => ({ ...note, title: 'ZegoEvent', state: 'inactive', text: 'Never emitted.' })),
  ...LIMITS.map((note): Note => ({ ...note, state: 'limited' })),
];

/** ZEGO's web SDK. */
export const ZEGO: Vendor = {
  id: 'zego',
  name: 'ZEGO Express for web',
  packageName: 'zego-express-engine-webrtc',
  declarations: `${FOLDER}/zego.client.web.d.ts`,
  imports: {
    Entity: `${FOLDER}/ZegoExpressEntity.web.d.ts`,
    LocalStream: `${FOLDER}/ZegoLocalStream.web.d.ts`,
    View: `${FOLDER}/ZegoStreamView.web.d.ts`,
  },
  ours: 'packages/client/src/zego/index.ts',
  pairs: [
    { title: 'ZegoExpressEngine', kind: 'members', vendor: 'Vendor.ZegoExpressEngine', ours: 'Ours.ZegoExpressEngine' },
    {
      title: 'ZegoExpressEngine (static)',
      kind: 'members',
      vendor: 'typeof Vendor.ZegoExpressEngine',
      ours: 'typeof Ours.ZegoExpressEngine',
    },
    { title: 'ZegoEvent', kind: 'events', vendor: 'Entity.ZegoEvent', ours: 'Ours.ZegoEvents' },
    { title: 'ZegoLocalStream', kind: 'members', vendor: 'LocalStream.default', ours: 'Ours.ZegoLocalStream' },
    {
      title: 'ZegoLocalStreamEvent',
      kind: 'events',
      vendor: 'Entity.ZegoLocalStreamEvent',
      ours: 'Ours.ZegoLocalStreamEvents',
    },
    { title: 'ZegoStreamView', kind: 'members', vendor: 'View.ZegoStreamView', ours: 'Ours.ZegoStreamView' },
    { title: 'StreamViewEvent', kind: 'events', vendor: 'View.StreamViewEvent', ours: 'Ours.ZegoStreamViewEvents' },
    { title: 'ZegoPublishStats', kind: 'members', vendor: 'Entity.ZegoPublishStats', ours: 'Ours.ZegoPublishStats' },
    {
      title: 'ZegoPublishAudioStats',
      kind: 'members',
      vendor: 'Entity.ZegoPublishAudioStats',
      ours: "Ours.ZegoPublishStats['audio']",
    },
    {
      title: 'ZegoPublishVideoStats',
      kind: 'members',
      vendor: 'Entity.ZegoPublishVideoStats',
      ours: "Ours.ZegoPublishStats['video']",
    },
    { title: 'ZegoPlayStats', kind: 'members', vendor: 'Entity.ZegoPlayStats', ours: 'Ours.ZegoPlayStats' },
    {
      title: 'ZegoPlayAudioStats',
      kind: 'members',
      vendor: 'Entity.ZegoPlayAudioStats',
      ours: "Ours.ZegoPlayStats['audio']",
    },
    {
      title: 'ZegoPlayVideoStats',
      kind: 'members',
      vendor: 'Entity.ZegoPlayVideoStats',
      ours: "Ours.ZegoPlayStats['video']",
    },
  ],
  notes: NOTES,
  floor: { present: 273, assignable: 273 },
};

/**
 * ZEGO's web SDK: what is compared with it, and notes for its page.
 *
 * @module
 */

import type { Note, Vendor } from './vendor.ts';

const FOLDER = 'node_modules/zego-express-engine-webrtc/sdk/code/zh';

const TITLES = [
  'ZegoExpressEngine',
  'ZegoExpressEngine (static)',
  'ZegoEvent',
  'ZegoLocalStream',
  'ZegoLocalStreamEvent',
  'ZegoStreamView',
  'StreamViewEvent',
  'ZegoPublishStats',
  'ZegoPublishAudioStats',
  'ZegoPublishVideoStats',
  'ZegoPlayStats',
  'ZegoPlayAudioStats',
  'ZegoPlayVideoStats',
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
  ...TITLES.map(
    (title): Note => ({ title, names: '*', state: 'absent', text: 'Not built yet.', needs: 'work in the client only' }),
  ),
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
  floor: { present: 119, assignable: 115 },
};

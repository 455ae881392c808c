/**
 * A page as a customer of ZEGO writes it: only the import and the address differ.
 *
 * @module
 */

import { ZegoExpressEngine, type ZegoLocalStream } from '@gavel/client/zego';

const query = new URLSearchParams(location.search);
const userID = query.get('userID') ?? '';
const element = (id: string): HTMLElement => document.querySelector<HTMLElement>(`#${id}`) ?? document.body;

/** What the page has seen so far. */
const seen = { captured: 0, push: 0, pull: 0, events: [] as unknown[] };

const zg = new ZegoExpressEngine(Number(query.get('appID')), query.get('server') ?? '');
zg.on('roomStreamUpdate', async (_roomID, updateType, streamList) => {
  if (updateType === 'DELETE') for (const { streamID } of streamList) zg.stopPlayingStream(streamID);
  if (updateType !== 'ADD') return;
  for (const { streamID } of streamList) {
    const remoteStream = await zg.startPlayingStream(streamID);
    zg.createRemoteStreamView(remoteStream).play('remote');
  }
});
zg.on('capturedSoundLevelUpdate', (level) => {
  seen.captured = level;
});
zg.on('soundLevelUpdate', (levels) => {
  for (const { type, soundLevel } of levels) seen[type] = soundLevel;
});
zg.on('publisherStateUpdate', ({ state, errorCode }) => seen.events.push([state, errorCode]));
zg.setSoundLevelDelegate(true, 100, { enableInBackground: true });

let stream: ZegoLocalStream | undefined;

/** Logs in, shows the own camera and publishes it. */
async function start(): Promise<void> {
  await zg.loginRoom('lobby', '', { userID }, { userUpdate: true });
  stream = await zg.createZegoStream({ camera: { video: { quality: 1 }, audio: true } });
  stream.playVideo(element('local'), { mirror: true });
  zg.startPublishingStream(`${userID}-main`, stream, { extraInfo: 'hello' });
}

/** Returns a second of a tone, as an element that repeats it. */
function createMusic(): HTMLAudioElement {
  const rate = 8_000;
  const header = [
    0x46464952,
    36 + rate * 2,
    0x45564157,
    0x20746d66,
    16,
    0x10001,
    rate,
    rate * 2,
    0x100002,
    0x61746164,
    rate * 2,
  ];
  const samples = Int16Array.from({ length: rate }, (_, at) => Math.sin(at / 3) * 20_000);
  const music = new Audio(URL.createObjectURL(new Blob([Uint32Array.from(header), samples], { type: 'audio/wav' })));
  music.loop = true;
  return music;
}

const pageObjects = {
  zg,
  seen,
  createMusic,
  element,
  start,
  stream(): ZegoLocalStream {
    if (!stream) throw new Error('there is no stream yet');
    return stream;
  },
};

declare global {
  /** The page's objects, for tests. */
  var customer: typeof pageObjects;
}
globalThis.customer = pageObjects;

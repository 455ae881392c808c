/** The ZEGO surface in a page of its own: publishes a camera, plays everybody, and shows what happens to it. */

import { ZegoExpressEngine } from '@gavel/client/zego';

const query = new URLSearchParams(location.search);
const user = query.get('user') ?? '';
const state = document.querySelector('#state') as HTMLElement;
const engine = new ZegoExpressEngine(Number(query.get('app')), query.get('server') ?? '');

engine.on('roomStateChanged', (_room, reason, errorCode, extendedData) => {
  state.textContent = `${reason} ${errorCode} ${extendedData}`;
});
engine.on('playerRecvSEI', (_streamID, data) => {
  state.textContent = new TextDecoder().decode(data);
});
engine.on('roomStreamUpdate', async (_room, type, streams) => {
  if (type === 'DELETE') for (const { streamID } of streams) document.getElementById(streamID)?.remove();
  if (type !== 'ADD') return;
  for (const { streamID } of streams) {
    const video = Object.assign(document.createElement('video'), { id: streamID, autoplay: true, muted: true });
    video.srcObject = await engine.startPlayingStream(streamID, { isSEIStart: true });
    document.body.append(video);
  }
});

await engine.loginRoom('lobby', '', { userID: user, userName: user }, { userUpdate: true });
const camera = await engine.createStream({ camera: { audio: true, video: true } });
engine.startPublishingStream(`${user}-camera`, camera, { isSEIStart: true });
setInterval(() => engine.sendSEI(`${user}-camera`, new TextEncoder().encode(`hello from ${user}`)), 1_000);

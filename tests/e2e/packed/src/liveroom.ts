/** The LiveRoom surface in a page of its own: shows the streams of the room, and what happens to it. */

import { ZegoClient } from '@gavel/client/liveroom';

const query = new URLSearchParams(location.search);
const state = document.querySelector('#state') as HTMLElement;
const client = new ZegoClient({
  appid: Number(query.get('app')),
  server: query.get('server') ?? '',
  idName: query.get('user') ?? '',
});

client.onStreamUpdated = (type, streams) => {
  state.textContent = `${type} ${streams.map((stream) => stream.stream_id)}`;
};
client.onKickOut = (reason, roomId, customReason) => {
  state.textContent = `kicked ${reason} ${roomId} ${customReason}`;
};

const streams = await client.login('lobby', '');
state.textContent = `streams ${streams.map((stream) => stream.stream_id)}`;

/**
 * A page that plays what others publish, and captures nothing: the browser refuses to play sound until the user touches it.
 * It acts by itself, because what a test evaluates in a page counts as a touch of the user.
 *
 * @module
 */

import { type Participant, RealtimeKitClient } from '@gavel/client/realtimekit';
import { ZegoExpressEngine } from '@gavel/client/zego';

declare global {
  /** Tells the test what has happened. */
  var report: (event: string) => void;
}

const query = new URLSearchParams(location.search);
const server = query.get('server') ?? '';

async function watchZego(): Promise<void> {
  const zg = new ZegoExpressEngine(Number(query.get('appID')), server);
  zg.on('roomStreamUpdate', async (_roomID, updateType, streamList) => {
    if (updateType !== 'ADD') return;
    for (const { streamID } of streamList) {
      const view = zg.createRemoteStreamView(await zg.startPlayingStream(streamID));
      view.on('autoplayFailed', () => report('autoplayFailed'));
      view.play('remote');
    }
  });
  await zg.loginRoom('lobby', '', { userID: 'watcher' });
}

async function watchMeeting(): Promise<void> {
  const defaults = { audio: false, video: false };
  const meeting = await RealtimeKitClient.init({ authToken: query.get('token') ?? '', baseURI: server, defaults });
  const playAudio = ({ id, audioTrack }: Participant): void => {
    if (audioTrack) meeting.audio.addParticipantTrack(id, audioTrack);
  };
  meeting.self.on('autoplayError', ({ name }) => report(`autoplayError ${name}`));
  meeting.participants.joined.on('audioUpdate', playAudio);
  document.addEventListener('click', () => void meeting.self.playAudio());
  await meeting.join();
  for (const participant of meeting.participants.joined.toArray()) playAudio(participant);
}

const NativeAudio = globalThis.Audio;
globalThis.Audio = class extends NativeAudio {
  constructor() {
    super();
    this.addEventListener('playing', () => report('playing'));
  }
};
document.addEventListener('playing', () => report('playing'), true);

await (query.has('token') ? watchMeeting() : watchZego());

/** The RealtimeKit surface in a page of its own: shows everybody's camera, and kicks whom a button names. */

import { RealtimeKitClient } from '@gavel/client/realtimekit';

const query = new URLSearchParams(location.search);
const state = document.querySelector('#state') as HTMLElement;
const meeting = await RealtimeKitClient.init({
  authToken: query.get('token') ?? '',
  baseURI: query.get('server') ?? '',
});

meeting.participants.joined.on('participantJoined', (participant) => {
  const video = Object.assign(document.createElement('video'), { id: participant.name, autoplay: true, muted: true });
  const button = Object.assign(document.createElement('button'), { textContent: `Kick ${participant.name}` });
  const show = (): void => {
    const track = participant.videoTrack;
    video.srcObject = track ? new MediaStream([track]) : null;
  };
  button.onclick = () => participant.kick();
  participant.on('videoUpdate', show);
  show();
  document.body.append(video, button);
});
meeting.self.on('roomLeft', ({ state: leaveState }) => {
  state.textContent = `left: ${leaveState}`;
});

await meeting.join();

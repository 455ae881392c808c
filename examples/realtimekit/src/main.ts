/**
 * A meeting with the RealtimeKit surface: joins with camera and microphone, shows everybody, and lets a host remove people.
 * Code written for the vendor's SDK differs in the import and in `baseURI` only.
 */

import RealtimeKitClient from '@gavel/client/realtimekit';
import { addParticipant } from './backend';

/** What has tracks to show: oneself, or another participant. */
interface WithTracks {
  readonly videoTrack?: MediaStreamTrack;
  readonly audioTrack?: MediaStreamTrack;
}

const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const form = find<HTMLFormElement>('join');
const controls = find('controls');
const tiles = find('tiles');
const state = find('state');

async function join(name: string, isHost: boolean): Promise<void> {
  const meeting = await RealtimeKitClient.init(await addParticipant(name, isHost));
  const { self, participants } = meeting;

  participants.joined.on('participantJoined', (participant) => {
    const kick = Object.assign(document.createElement('button'), { textContent: `Remove ${participant.name}` });
    kick.onclick = () => participant.kick();
    const tile = createTile(participant.id, participant.name);
    if (self.permissions.kickParticipant) tile.append(kick);
    showVideo(tile, participant);
    participant.on('videoUpdate', () => showVideo(tile, participant));
    participant.on('audioUpdate', () => showVideo(tile, participant));
  });
  participants.joined.on('participantLeft', ({ id }) => document.getElementById(id)?.remove());
  self.on('roomLeft', ({ state: reason }) => {
    state.textContent = reason === 'kicked' ? 'The host has removed you.' : `You have left (${reason}).`;
    tiles.replaceChildren();
    controls.hidden = true;
    form.hidden = false;
  });

  await meeting.join();
  const tile = createTile('own', `${name} (you)`);
  showVideo(tile, self);
  self.on('videoUpdate', () => showVideo(tile, self));
  connectToggle(find('microphone'), (isOn) => (isOn ? self.enableAudio() : self.disableAudio()));
  connectToggle(find('camera'), (isOn) => (isOn ? self.enableVideo() : self.disableVideo()));
  find('leave').onclick = () => meeting.leave();
  state.textContent = '';
  controls.hidden = false;
  form.hidden = true;
}

function createTile(id: string, name: string): HTMLElement {
  const tile = Object.assign(document.createElement('li'), { id });
  const video = Object.assign(document.createElement('video'), {
    autoplay: true,
    playsInline: true,
    muted: id === 'own',
  });
  tile.append(video, name);
  tiles.append(tile);
  return tile;
}

function showVideo(tile: HTMLElement, { videoTrack, audioTrack }: WithTracks): void {
  const tracks = [videoTrack, audioTrack].filter((track) => track !== undefined);
  const video = tile.querySelector('video') as HTMLVideoElement;
  video.srcObject = tracks.length > 0 ? new MediaStream(tracks) : null;
}

function connectToggle(button: HTMLElement, apply: (isOn: boolean) => Promise<unknown>): void {
  button.setAttribute('aria-pressed', 'true');
  button.onclick = () => {
    const isOn = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', String(isOn));
    apply(isOn);
  };
}

form.onsubmit = (event) => {
  event.preventDefault();
  const data = new FormData(form);
  join(String(data.get('name')), data.has('host')).catch((error: Error) => {
    state.textContent = error.message;
  });
};

/**
 * A room with the ZEGO Express surface: joins, publishes camera and microphone, plays everybody, and kicks by a button. Code
 * written for the vendor's SDK differs in the import and in the server's address only.
 */

import { ZegoExpressEngine } from '@gavel/client/zego';

const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const form = find<HTMLFormElement>('join');
const controls = find('controls');
const tiles = find('tiles');
const state = find('state');

/** The backend holds the App's secret, so that it makes the tokens and sends the kicks. */
async function callBackend(path: string, params: Record<string, string>): Promise<Record<string, string>> {
  const response = await fetch(`/api/${path}?${new URLSearchParams(params)}`, { method: 'POST' });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

function addTile(id: string, name: string, stream: MediaStream, buttons: readonly HTMLButtonElement[] = []): void {
  const tile = Object.assign(document.createElement('li'), { id });
  const video = Object.assign(document.createElement('video'), {
    autoplay: true,
    playsInline: true,
    muted: id === 'own',
  });
  video.srcObject = stream;
  tile.append(video, name, ...buttons);
  tiles.append(tile);
}

function createKickButton(room: string, user: string): HTMLButtonElement {
  const button = Object.assign(document.createElement('button'), { textContent: `Kick ${user}` });
  button.onclick = () => callBackend('kick', { room, user, reason: 'The host has removed you.' });
  return button;
}

async function join(room: string, user: string): Promise<void> {
  const { appId, server, token = '' } = await callBackend('token', { user });
  const engine = new ZegoExpressEngine(Number(appId), server ?? '');

  engine.on('roomStateChanged', (_room, reason, _code, extendedData) => {
    state.textContent = reason === 'KICKOUT' ? `Removed: ${JSON.parse(extendedData).custom_kickout_message}` : reason;
    if (reason === 'KICKOUT' || reason === 'LOGOUT') close();
  });
  engine.on('roomStreamUpdate', async (_room, type, streams) => {
    for (const { streamID, user } of streams) {
      if (type === 'DELETE') document.getElementById(streamID)?.remove();
      else
        addTile(streamID, user.userID, await engine.startPlayingStream(streamID), [
          createKickButton(room, user.userID),
        ]);
    }
  });

  await engine.loginRoom(room, token, { userID: user, userName: user }, { userUpdate: true });
  const camera = await engine.createStream({ camera: { audio: true, video: true } });
  addTile('own', `${user} (you)`, camera);
  engine.startPublishingStream(`${user}-camera`, camera);

  function close(): void {
    engine.destroyEngine();
    tiles.replaceChildren();
    controls.hidden = true;
    form.hidden = false;
  }
  connectToggle(find('microphone'), (isOn) => engine.mutePublishStreamAudio(camera, !isOn));
  connectToggle(find('camera'), (isOn) => engine.mutePublishStreamVideo(camera, !isOn));
  find('leave').onclick = () => engine.logoutRoom(room);
  controls.hidden = false;
  form.hidden = true;
}

function connectToggle(button: HTMLElement, apply: (isOn: boolean) => void): void {
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
  join(String(data.get('room')), String(data.get('user'))).catch((error) => {
    state.textContent = error instanceof Error ? error.message : `Error ${error.errorCode}`;
  });
};

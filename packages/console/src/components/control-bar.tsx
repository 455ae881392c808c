/**
 * The own controls: microphone, camera, publishing, sound, leaving.
 *
 * @module
 */

import type { RoomModel } from '../room-model.ts';
import { isInRoom, type RoomState } from '../room-state.ts';
import { Icon, type IconName } from './icons.tsx';

/** The own controls. */
export function ControlBar(props: {
  room: RoomModel;
  state: RoomState;
  soundOn: boolean;
  onSound: (on: boolean) => void;
}) {
  const { room, state, soundOn, onSound } = props;
  const { own, phase } = state;
  const live = 'media' in own ? own : undefined;
  const hasSoundOff = !soundOn && state.streams.length > 0;
  return (
    <div class="controls" role="toolbar" aria-label="Your controls">
      <Control
        icon={live && !live.micOn ? 'mic-off' : 'mic'}
        label={live && !live.micOn ? 'Unmute' : 'Mute'}
        isOff={live !== undefined && !live.micOn}
        isDisabled={!live}
        testId="mic-button"
        onClick={() => room.setMic(!live?.micOn)}
      />
      <Control
        icon={live && !live.cameraOn ? 'camera-off' : 'camera'}
        label={live && !live.cameraOn ? 'Camera on' : 'Camera off'}
        isOff={live !== undefined && !live.cameraOn}
        isDisabled={!live}
        testId="camera-button"
        onClick={() => room.setCamera(!live?.cameraOn)}
      />
      {live ? (
        <Control icon="stop" label="Stop" testId="stop-button" onClick={() => room.unpublish()} />
      ) : (
        <Control
          icon="publish"
          label="Publish"
          isDisabled={!isInRoom(phase) || own.kind === 'opening'}
          testId="publish-button"
          onClick={() => void room.publish()}
        />
      )}
      <Control
        icon={soundOn ? 'sound' : 'sound-off'}
        label={soundOn ? 'Sound on' : 'Sound off'}
        isOff={!soundOn}
        isCalling={hasSoundOff}
        testId="sound-button"
        onClick={() => onSound(!soundOn)}
      />
      <Control icon="leave" label="Leave" isLeave testId="leave-button" onClick={() => room.leave()} />
    </div>
  );
}

function Control(props: {
  icon: IconName;
  label: string;
  testId: string;
  isOff?: boolean;
  isCalling?: boolean;
  isLeave?: boolean;
  isDisabled?: boolean;
  onClick: () => void;
}) {
  const { icon, label, testId, isOff = false, isCalling = false, isLeave = false, isDisabled = false, onClick } = props;
  const kind = [isOff && 'off', isCalling && 'calling', isLeave && 'leave'].filter(Boolean).join(' ');
  return (
    <button type="button" class={`control ${kind}`} disabled={isDisabled} data-testid={testId} onClick={onClick}>
      <Icon name={icon} />
      <span>{label}</span>
    </button>
  );
}

/**
 * The user's controls: microphone, camera, publishing, sound, leaving.
 *
 * @module
 */

import type { RoomModel } from '../room-model.ts';
import { isConnected, type RoomState } from '../room-state.ts';
import { canUseCamera } from '../sources.ts';
import { Icon, type IconName } from './icons.tsx';

/** The user's controls. */
export function ControlBar(props: {
  room: RoomModel;
  state: RoomState;
  soundOn: boolean;
  onSound: (on: boolean) => void;
  onDevices: () => void;
}) {
  const { room, state, soundOn, onSound, onDevices } = props;
  const { own, phase } = state;
  const live = 'media' in own ? own : undefined;
  return (
    <div class="controls" role="toolbar" aria-label="Your controls">
      <Control
        icon={live && !live.micOn ? 'mic-off' : 'mic'}
        label="Mic"
        isOn={live?.micOn ?? true}
        isDisabled={!live}
        testId="mic-button"
        onClick={() => room.setMic(!live?.micOn)}
      />
      <Control
        icon={live && !live.cameraOn ? 'camera-off' : 'camera'}
        label="Camera"
        isOn={live?.cameraOn ?? true}
        isDisabled={!live}
        testId="camera-button"
        onClick={() => room.setCamera(!live?.cameraOn)}
      />
      {live ? (
        <Control
          icon="stop"
          label="Stop publishing"
          short="Stop"
          isWide
          testId="stop-button"
          onClick={() => room.unpublish()}
        />
      ) : (
        <Control
          icon="publish"
          label="Publish"
          isWide
          isDisabled={!isConnected(phase) || own.kind === 'opening'}
          testId="publish-button"
          onClick={() => void room.publish()}
        />
      )}
      <Control
        icon={soundOn ? 'sound' : 'sound-off'}
        label="Sound"
        isOn={soundOn}
        testId="sound-button"
        onClick={() => onSound(!soundOn)}
      />
      <Control
        icon="settings"
        label="Devices"
        isDisabled={!canUseCamera()}
        testId="devices-button"
        onClick={onDevices}
      />
      <Control icon="leave" label="Leave" isLeave testId="leave-button" onClick={() => room.leave()} />
    </div>
  );
}

/** A control. A toggle keeps its label and exposes its state. */
function Control(props: {
  icon: IconName;
  label: string;
  /** For narrow pages. */
  short?: string;
  testId: string;
  isOn?: boolean;
  isLeave?: boolean;
  /** Keeps the width constant when the label changes. */
  isWide?: boolean;
  isDisabled?: boolean;
  onClick: () => void;
}) {
  const { icon, label, short = label, testId, isOn, isLeave = false, isWide = false } = props;
  const { isDisabled = false, onClick } = props;
  const title = isOn === undefined ? undefined : `${label} is ${isOn ? 'on' : 'off'}`;
  return (
    <button
      type="button"
      class={`control${isLeave ? ' leave' : ''}${isWide ? ' publish' : ''}`}
      aria-pressed={isOn}
      title={title}
      // Not `disabled`, because that would lose the focus.
      aria-disabled={isDisabled}
      data-testid={testId}
      onClick={() => {
        if (!isDisabled) onClick();
      }}
    >
      <Icon name={icon} />
      <span class="wide-only">{label}</span>
      <span class="narrow-only">{short}</span>
    </button>
  );
}

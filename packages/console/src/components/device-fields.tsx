/**
 * The selection of camera and microphone.
 *
 * @module
 */

import { useId } from 'preact/hooks';
import type { Device, DeviceKind, Devices } from '../devices.ts';
import { useStore } from '../use-store.ts';

/** The selection of camera and microphone; before permission is granted, a button that requests it. */
export function DeviceFields(props: { devices: Devices; onChoose: (kind: DeviceKind, id: string) => void }) {
  const { devices, onChoose } = props;
  const { cameras, microphones, cameraId, microphoneId, isNamed, error } = useStore(devices);
  return (
    <div class="devices">
      {isNamed ? (
        <>
          <DeviceSelect kind="camera" label="Camera" list={cameras} value={cameraId} onChoose={onChoose} />
          <DeviceSelect
            kind="microphone"
            label="Microphone"
            list={microphones}
            value={microphoneId}
            onChoose={onChoose}
          />
        </>
      ) : (
        <button
          type="button"
          class="button small"
          data-testid="devices-allow"
          onClick={() => void devices.askPermission()}
        >
          Choose camera and microphone
        </button>
      )}
      <p class="form-error" role="alert" data-testid="devices-error">
        {error}
      </p>
    </div>
  );
}

function DeviceSelect(props: {
  kind: DeviceKind;
  label: string;
  list: readonly Device[];
  value: string;
  onChoose: (kind: DeviceKind, id: string) => void;
}) {
  const { kind, label, list, value, onChoose } = props;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        disabled={list.length === 0}
        data-testid={`${kind}-select`}
        onChange={(event) => onChoose(kind, event.currentTarget.value)}
      >
        <option value="">{list.length === 0 ? `No ${kind} found` : `Default ${kind}`}</option>
        {list
          // Chromium also lists its default device under a separate id.
          .filter((device) => device.id !== 'default')
          .map((device) => (
            <option key={device.id} value={device.id}>
              {device.label}
            </option>
          ))}
      </select>
    </div>
  );
}

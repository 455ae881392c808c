/**
 * The cameras and microphones of this machine, and the selected ones.
 *
 * @module
 */

import { describeError } from './errors.ts';
import { Store } from './store.ts';

/** The kind of a device. */
export type DeviceKind = 'camera' | 'microphone';

/** A camera or microphone. */
export interface Device {
  readonly id: string;
  readonly label: string;
}

/** The state of the devices. */
export interface DevicesState {
  readonly cameras: readonly Device[];
  readonly microphones: readonly Device[];
  /** The id of the selected device; empty for the browser's default. */
  readonly cameraId: string;
  readonly microphoneId: string;
  /** Whether the browser reveals device names; it does after the user has granted permission. */
  readonly isNamed: boolean;
  /** Why a permission request or a change of device failed; empty if nothing failed. */
  readonly error: string;
}

/** The part of `navigator.mediaDevices` that is used. */
export type DeviceSource = Pick<
  MediaDevices,
  'enumerateDevices' | 'getUserMedia' | 'addEventListener' | 'removeEventListener'
>;

const KINDS = { videoinput: 'camera', audioinput: 'microphone' } as const;

/** Parses the browser's list of devices; devices without an id are those that the browser does not reveal yet. */
export function readDevices(
  infos: readonly Pick<MediaDeviceInfo, 'kind' | 'deviceId' | 'label'>[],
): Pick<DevicesState, 'cameras' | 'microphones' | 'isNamed'> {
  const list = (kind: DeviceKind): Device[] =>
    infos
      .filter((info) => KINDS[info.kind as keyof typeof KINDS] === kind && info.deviceId !== '')
      .map(({ deviceId, label }, index) => ({ id: deviceId, label: label || `${kind} ${index + 1}` }));
  const isNamed = infos.some((info) => info.kind in KINDS && info.label !== '');
  return { cameras: list('camera'), microphones: list('microphone'), isNamed };
}

/** Watches the machine's devices and stores the selection. */
export class Devices extends Store<DevicesState> {
  readonly #source: DeviceSource | undefined;

  /** `source` is undefined if the page may not use devices (no https). */
  constructor(source: DeviceSource | undefined) {
    super({ cameras: [], microphones: [], cameraId: '', microphoneId: '', isNamed: false, error: '' });
    this.#source = source;
  }

  /** Reads the list now and whenever a device is added or removed; returns a function that stops this. */
  watch(): () => void {
    const refresh = () => void this.refresh();
    this.#source?.addEventListener('devicechange', refresh);
    refresh();
    return () => this.#source?.removeEventListener('devicechange', refresh);
  }

  /** Reads the list again; deselects a device that no longer exists. */
  async refresh(): Promise<void> {
    const infos = await this.#source?.enumerateDevices().catch(() => undefined);
    if (!infos) return;
    const found = readDevices(infos);
    const { cameraId, microphoneId } = this.state;
    this.set({
      ...found,
      cameraId: found.cameras.some(({ id }) => id === cameraId) ? cameraId : '',
      microphoneId: found.microphones.some(({ id }) => id === microphoneId) ? microphoneId : '',
    });
  }

  /** Requests permission, so that the browser reveals the device names; no device stays open. */
  async askPermission(): Promise<void> {
    this.set({ error: '' });
    try {
      const stream = await this.#source?.getUserMedia({ audio: true, video: true });
      for (const track of stream?.getTracks() ?? []) track.stop();
    } catch (error) {
      const name = error instanceof Error ? `${error.name} ${error.message}` : String(error);
      this.fail({ errorCode: 0, extendedData: name });
    }
    await this.refresh();
  }

  /** Stores the selection. */
  choose(kind: DeviceKind, id: string): void {
    this.set({ ...(kind === 'camera' ? { cameraId: id } : { microphoneId: id }), error: '' });
  }

  /** Sets the error that says why a device could not be used. */
  fail(error: unknown): void {
    this.set({ error: describeError(error).text });
  }
}

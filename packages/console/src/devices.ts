/**
 * The cameras and microphones of this machine, and which of them are used.
 *
 * @module
 */

import { describeError } from './errors.ts';
import { Store } from './store.ts';

/** What a device gives. */
export type DeviceKind = 'camera' | 'microphone';

/** A camera or microphone. */
export interface Device {
  readonly id: string;
  readonly label: string;
}

/** What is known of the devices. */
export interface DevicesState {
  readonly cameras: readonly Device[];
  readonly microphones: readonly Device[];
  /** The chosen device's id; empty: the browser's choice. */
  readonly cameraId: string;
  readonly microphoneId: string;
  /** Whether the browser names the devices: it does once the page was allowed to use them. */
  readonly isNamed: boolean;
  /** Why the devices could not be asked for or changed; empty where nothing failed. */
  readonly error: string;
}

/** The part of `navigator.mediaDevices` that is used. */
export type DeviceSource = Pick<
  MediaDevices,
  'enumerateDevices' | 'getUserMedia' | 'addEventListener' | 'removeEventListener'
>;

const KINDS = { videoinput: 'camera', audioinput: 'microphone' } as const;

/** Reads what a browser lists; devices without an id are those that it does not name yet. */
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

/** Follows the machine's devices and keeps the choice. */
export class Devices extends Store<DevicesState> {
  readonly #source: DeviceSource | undefined;

  /** `source` is undefined if the page may not use devices (no https). */
  constructor(source: DeviceSource | undefined) {
    super({ cameras: [], microphones: [], cameraId: '', microphoneId: '', isNamed: false, error: '' });
    this.#source = source;
  }

  /** Reads the list now and whenever a device is plugged in or out; returns a function that ends it. */
  watch(): () => void {
    const refresh = () => void this.refresh();
    this.#source?.addEventListener('devicechange', refresh);
    refresh();
    return () => this.#source?.removeEventListener('devicechange', refresh);
  }

  /** Reads the list again; a chosen device that is there no longer is forgotten. */
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

  /** Asks for permission, so that the browser names the devices; nothing stays open. */
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

  /** Remembers the choice. */
  choose(kind: DeviceKind, id: string): void {
    this.set({ ...(kind === 'camera' ? { cameraId: id } : { microphoneId: id }), error: '' });
  }

  /** Shows why a device could not be used. */
  fail(error: unknown): void {
    this.set({ error: describeError(error).text });
  }
}

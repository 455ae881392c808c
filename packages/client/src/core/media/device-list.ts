/**
 * The list of the machine's microphones, cameras and speakers, and its changes.
 *
 * @module
 */

import { toSessionError } from '../errors.ts';

/** A change of the device list. `added` and `removed` are empty if ids and names became known by the user's permission. */
export interface DeviceListUpdate {
  readonly added: MediaDeviceInfo[];
  readonly removed: MediaDeviceInfo[];
  readonly devices: MediaDeviceInfo[];
}

/** Returns the browser's devices; undefined in Node and on pages without a secure context. */
export function browserDevices(): MediaDevices | undefined {
  // Undefined there, although the type does not say so.
  return globalThis.navigator?.mediaDevices;
}

/** Lists the devices, and reports changes while it watches. */
export class DeviceList {
  readonly #changed: (update: DeviceListUpdate) => void;
  #known: readonly MediaDeviceInfo[] = [];
  #unwatch: (() => void) | undefined;

  /** `changed` is called after every change of the list. */
  constructor(changed: (update: DeviceListUpdate) => void) {
    this.#changed = changed;
  }

  /** The devices as they were listed last. */
  get known(): readonly MediaDeviceInfo[] {
    return this.#known;
  }

  /**
   * Returns all devices; names are empty until the user has permitted a device. Empty if the page may not use devices.
   *
   * @throws SessionError `client.no-media` if the browser refuses
   */
  async all(): Promise<MediaDeviceInfo[]> {
    try {
      const devices = (await browserDevices()?.enumerateDevices()) ?? [];
      if (!this.#unwatch) this.#known = devices;
      else this.#reveal(devices);
      return devices;
    } catch (error) {
      throw toSessionError(error);
    }
  }

  /** Starts watching the list. */
  watch(): void {
    const devices = browserDevices();
    if (!devices || this.#unwatch) return;
    const look = () => this.refresh();
    devices.addEventListener('devicechange', look);
    this.#unwatch = () => devices.removeEventListener('devicechange', look);
    const begun = this.#unwatch;
    this.all().then(
      (known) => {
        if (this.#unwatch === begun) this.#known = known;
      },
      () => {},
    );
  }

  /** Stops watching. */
  unwatch(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  /** Reads the list again: ids and names appear once the user has permitted a device. */
  refresh(): void {
    this.#look().catch(() => {});
  }

  async #look(): Promise<void> {
    const devices = await this.all();
    if (!this.#unwatch) return;
    const added = devices.filter((device) => !this.#known.some((known) => isSame(known, device)));
    const removed = this.#known.filter((known) => !devices.some((device) => isSame(known, device)));
    this.#known = devices;
    if (added.length + removed.length > 0) this.#changed({ added, removed, devices });
  }

  /** Devices whose ids were hidden are the same, and not new. */
  #reveal(devices: MediaDeviceInfo[]): void {
    if (!this.#known.some(({ deviceId }) => deviceId === '')) return;
    this.#known = devices;
    this.#changed({ added: [], removed: [], devices });
  }
}

const isSame = (one: MediaDeviceInfo, other: MediaDeviceInfo): boolean =>
  one.kind === other.kind && one.deviceId === other.deviceId;

/**
 * The machine's microphones, cameras and speakers.
 *
 * @module
 */

import { toRealtimeKitError } from './errors.ts';

/** How the list of devices changed. */
export interface DeviceListUpdate {
  readonly added: readonly MediaDeviceInfo[];
  readonly removed: readonly MediaDeviceInfo[];
  readonly devices: readonly MediaDeviceInfo[];
}

// Not there on pages without a secure context, whatever the type says, nor in Node.
const browserDevices = (): MediaDevices | undefined => globalThis.navigator?.mediaDevices;

/** Lists the devices, and tells of changes while it watches. */
export class OwnDevices {
  readonly #tell: (update: DeviceListUpdate) => void;
  #known: readonly MediaDeviceInfo[] = [];
  #unwatch: (() => void) | undefined;

  /** `tell` is called after every change of the list. */
  constructor(tell: (update: DeviceListUpdate) => void) {
    this.#tell = tell;
  }

  /** Gives all devices; names are empty until the user has allowed one. Empty where the page may use none. */
  async all(): Promise<readonly MediaDeviceInfo[]> {
    try {
      return (await browserDevices()?.enumerateDevices()) ?? [];
    } catch (error) {
      throw toRealtimeKitError(error);
    }
  }

  /** Begins to watch the list. */
  watch(): void {
    const devices = browserDevices();
    if (!devices || this.#unwatch) return;
    const look = () => void this.#look().catch(() => {});
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

  async #look(): Promise<void> {
    const devices = await this.all();
    if (!this.#unwatch) return;
    const added = devices.filter((device) => !this.#known.some((known) => isSame(known, device)));
    const removed = this.#known.filter((known) => !devices.some((device) => isSame(known, device)));
    this.#known = devices;
    if (added.length + removed.length > 0) this.#tell({ added, removed, devices });
  }
}

const isSame = (one: MediaDeviceInfo, other: MediaDeviceInfo): boolean =>
  one.kind === other.kind && one.deviceId === other.deviceId;

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

// Undefined in Node and on pages without a secure context, although the type does not say so.
const browserDevices = (): MediaDevices | undefined => globalThis.navigator?.mediaDevices;

/** Why a device cannot be used: the user revoked the permission, or the device failed. */
export type MediaPermission = 'DENIED' | 'COULD_NOT_START';

/** Returns why an open device was lost; `COULD_NOT_START` in browsers that do not report permissions. */
export async function findLossReason(kind: 'audio' | 'video'): Promise<MediaPermission> {
  try {
    const name = (kind === 'audio' ? 'microphone' : 'camera') as PermissionName;
    const { state } = await globalThis.navigator.permissions.query({ name });
    return state === 'denied' ? 'DENIED' : 'COULD_NOT_START';
  } catch {
    return 'COULD_NOT_START';
  }
}

/** Lists the devices, and reports changes while it watches. */
export class OwnDevices {
  readonly #changed: (update: DeviceListUpdate) => void;
  #known: readonly MediaDeviceInfo[] = [];
  #unwatch: (() => void) | undefined;

  /** `changed` is called after every change of the list. */
  constructor(changed: (update: DeviceListUpdate) => void) {
    this.#changed = changed;
  }

  /** Returns all devices; names are empty until the user has permitted a device. Empty if the page may not use devices. */
  async all(): Promise<readonly MediaDeviceInfo[]> {
    try {
      return (await browserDevices()?.enumerateDevices()) ?? [];
    } catch (error) {
      throw toRealtimeKitError(error);
    }
  }

  /** Starts watching the list. */
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
    if (added.length + removed.length > 0) this.#changed({ added, removed, devices });
  }
}

const isSame = (one: MediaDeviceInfo, other: MediaDeviceInfo): boolean =>
  one.kind === other.kind && one.deviceId === other.deviceId;

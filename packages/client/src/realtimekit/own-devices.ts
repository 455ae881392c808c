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

/** Why a device cannot be used: its user has taken the permission back, or the hardware gives nothing. */
export type MediaPermission = 'DENIED' | 'COULD_NOT_START';

/** Finds out why a device that was open has gone. Browsers that do not tell permissions give `COULD_NOT_START`. */
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
    if (added.length + removed.length > 0) this.#changed({ added, removed, devices });
  }
}

const isSame = (one: MediaDeviceInfo, other: MediaDeviceInfo): boolean =>
  one.kind === other.kind && one.deviceId === other.deviceId;

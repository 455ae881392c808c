/**
 * The machine's microphones, cameras and speakers.
 *
 * @module
 */

import { CODES, RealtimeKitError } from './errors.ts';

/** How the list of devices changed. */
export interface DeviceListUpdate {
  readonly added: MediaDeviceInfo[];
  readonly removed: MediaDeviceInfo[];
  readonly devices: MediaDeviceInfo[];
}

// Undefined in Node and on pages without a secure context, although the type does not say so.
const browserDevices = (): MediaDevices | undefined => globalThis.navigator?.mediaDevices;

/** Lists the devices, and reports changes while it watches. */
export class OwnDevices {
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
   * @throws RealtimeKitError `1609` if the browser refuses the list
   */
  async all(): Promise<MediaDeviceInfo[]> {
    try {
      const devices = (await browserDevices()?.enumerateDevices()) ?? [];
      if (!this.#unwatch || this.#known.length === 0) this.#known = devices;
      return devices;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new RealtimeKitError(CODES.noDeviceList, message, error);
    }
  }

  /** Lists the devices of a kind. @throws RealtimeKitError as `all` */
  async ofKind(kind: MediaDeviceKind): Promise<MediaDeviceInfo[]> {
    return (await this.all()).filter((device) => device.kind === kind);
  }

  /** Finds a device among those listed last; the first of the kind if no id is given. */
  find(kind: MediaDeviceKind, deviceId: string | undefined): MediaDeviceInfo | undefined {
    return this.#known.find(
      (device) => device.kind === kind && (deviceId === undefined || device.deviceId === deviceId),
    );
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

  /** Reads the list again: names appear once the user has permitted a device. */
  refresh(): void {
    this.#look().catch(() => {});
  }

  async #look(): Promise<void> {
    const devices = (await browserDevices()?.enumerateDevices()) ?? [];
    if (!this.#unwatch) return;
    const added = devices.filter((device) => !this.#known.some((known) => isSame(known, device)));
    const removed = this.#known.filter((known) => !devices.some((device) => isSame(known, device)));
    this.#known = devices;
    if (added.length + removed.length > 0) this.#changed({ added, removed, devices });
  }
}

const isSame = (one: MediaDeviceInfo, other: MediaDeviceInfo): boolean =>
  one.kind === other.kind && one.deviceId === other.deviceId;

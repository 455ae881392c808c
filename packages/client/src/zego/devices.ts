/**
 * The machine's cameras, microphones and speakers in this dialect.
 *
 * @module
 */

import { captureCamera } from '../core/media/capture.ts';
import { DeviceList, type DeviceListUpdate } from '../core/media/device-list.ts';
import { LocalSource } from '../core/media/local-source.ts';
import { CODES, refusal, toCaptureError } from './errors.ts';
import type { Emit, ZegoDeviceChange } from './events.ts';

/** A device. */
export type ZegoDeviceInfo = ZegoDeviceChange;

/** All devices. */
export interface ZegoDeviceInfos {
  readonly microphones: ZegoDeviceInfo[];
  readonly speakers: ZegoDeviceInfo[];
  readonly cameras: ZegoDeviceInfo[];
}

/** Lists the devices, and emits an event for each that is plugged in or out. */
export class Devices {
  readonly #emit: Emit;
  readonly #list: DeviceList;
  /** A device that is opened only so that the user is asked. */
  #probe: LocalSource | undefined;
  #isClosed = false;

  constructor(emit: Emit) {
    this.#emit = emit;
    this.#list = new DeviceList((update) => this.#handleChange(update));
    this.#list.watch();
  }

  /** Returns all devices; names and ids are empty before the user has permitted one. @throws ZegoServerResponse 1103011 */
  async all(): Promise<ZegoDeviceInfos> {
    const devices = await this.#read();
    const of = (kind: MediaDeviceKind) => devices.filter((device) => device.kind === kind).map(toDeviceInfo);
    return { microphones: of('audioinput'), speakers: of('audiooutput'), cameras: of('videoinput') };
  }

  /**
   * Returns the devices of a kind. If the user has permitted none yet, the device is opened for a moment, so that the browser
   * asks (PRIV-1).
   *
   * @throws ZegoServerResponse the browser's refusal
   */
  async list(kind: MediaDeviceKind): Promise<ZegoDeviceInfo[]> {
    const find = async () => (await this.#read()).filter((device) => device.kind === kind);
    const devices = await find();
    if (!devices.some(({ label }) => label === '')) return devices.map(toDeviceInfo);
    await this.#ask(kind === 'videoinput');
    return (await find()).map(toDeviceInfo);
  }

  /** Stops watching, and closes a device that is open for a moment. */
  close(): void {
    this.#isClosed = true;
    this.#list.unwatch();
    this.#probe?.close();
  }

  async #ask(isCamera: boolean): Promise<void> {
    if (this.#isClosed) throw refusal(CODES.notLoggedIn, 'the engine was destroyed');
    const probe = new LocalSource();
    this.#probe?.close();
    this.#probe = probe;
    try {
      await probe.open(() => captureCamera({ audio: !isCamera, video: isCamera }));
    } catch (error) {
      throw toCaptureError(error);
    } finally {
      probe.close();
    }
  }

  async #read(): Promise<readonly MediaDeviceInfo[]> {
    try {
      return await this.#list.all();
    } catch (error) {
      throw refusal(CODES.deviceListFailed, (error as Error).message);
    }
  }

  #handleChange({ added, removed }: DeviceListUpdate): void {
    for (const device of removed) this.#report('DELETE', device);
    for (const device of added) this.#report('ADD', device);
  }

  #report(change: 'ADD' | 'DELETE', device: MediaDeviceInfo): void {
    const info = toDeviceInfo(device);
    if (device.kind === 'videoinput') this.#emit('videoDeviceStateChanged', change, info);
    else this.#emit('audioDeviceStateChanged', change, device.kind === 'audioinput' ? 'Input' : 'Output', info);
  }
}

const toDeviceInfo = ({ label, deviceId }: MediaDeviceInfo): ZegoDeviceInfo => ({
  deviceName: label,
  deviceID: deviceId,
});

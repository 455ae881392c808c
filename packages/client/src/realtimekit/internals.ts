/**
 * What the vendor's UI kit reads of the client's inside: its log, its token and the browser.
 *
 * @module
 */

import { browserDetails, type DeviceConfig } from './browser-details.ts';

/** Writes to the browser's console; `info`, `log` and `debug` are discarded, because the UI kit writes them at every click. */
export class Logger {
  /** The vendor's telemetry; this client sends none. */
  // biome-ignore lint/suspicious/noExplicitAny: applications compile with whatever they read of it
  readonly telemetry: any = undefined;

  init(_context: unknown): void {}

  info(_message: string, _data?: unknown): void {}

  log(_message: string, _data?: unknown): void {}

  debug(_message: string, _data?: unknown): void {}

  warn(message: string, data?: unknown): void {
    console.warn(message, ...(data === undefined ? [] : [data]));
  }

  error(message: string, data?: unknown): void {
    console.error(message, ...(data === undefined ? [] : [data]));
  }
}

/** Which browser this is. */
export class BrowserSpecs {
  readonly #details: DeviceConfig = browserDetails();

  getName(): string {
    return this.#details.browserName;
  }

  getVersion(): string {
    return this.#details.browserVersion;
  }

  isMobile(): boolean {
    return this.#details.isMobile;
  }

  isChrome(): boolean {
    return this.#details.browserName === 'Chrome';
  }

  isFirefox(): boolean {
    return this.#details.browserName === 'Firefox';
  }

  isSafari(): boolean {
    return this.#details.browserName === 'Safari';
  }

  isChromiumBased(): boolean {
    return this.#details.engineName === 'Blink';
  }

  isWebKitBased(): boolean {
    return this.#details.engineName === 'WebKit';
  }

  isSupported(): boolean {
    return typeof RTCPeerConnection !== 'undefined';
  }

  getDeviceInfo(): DeviceConfig {
    return this.#details;
  }
}

/** The flags of the vendor's service; there are none. */
export class Features {
  hasFeature(_name: string): boolean {
    return false;
  }

  getFeatureValue(_name: string): undefined {
    return undefined;
  }

  getAllFeatures(): Record<string, never> {
    return {};
  }
}

/** The client's inside, as far as the UI kit reads it. */
export class Internals {
  readonly authToken: string;
  readonly logger = new Logger();
  readonly features = new Features();
  readonly browserSpecs = new BrowserSpecs();
  /** The vendor's statistics; this client sends none. */
  // biome-ignore lint/suspicious/noExplicitAny: applications compile with whatever they read of it
  readonly callStats: any = undefined;

  constructor(authToken: string) {
    this.authToken = authToken;
  }
}

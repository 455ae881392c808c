/**
 * The settings of the engine and of the page, and what can be asked of the browser and the streams (reference zego 4.1, 4.3).
 *
 * @module
 */

import type { Platform } from '../core/platform.ts';
import { applyLogConfig, ignore, ignoreSetting, type ZegoLogConfig } from './page-settings.ts';
import type { ZegoPlayStats, ZegoPublishStats } from './quality.ts';
import type { ZegoCapabilityDetection, ZegoCheckType } from './system-check.ts';
import type { ZegoEngineOptions, ZegoTurnServer } from './types.ts';
import { UnsupportedEngine } from './unsupported-engine.ts';
import { VERSION } from './version.ts';
import { setWarnings } from './warnings.ts';

/** The settings of `ZegoExpressEngine`. */
export abstract class SettingsEngine extends UnsupportedEngine {
  /** The version of this SDK. */
  static readonly version: string = VERSION;

  /** The options of the engine, as changed by its settings; they hold for logins from then on. */
  protected options: ZegoEngineOptions;

  constructor(platform: Platform, options: ZegoEngineOptions) {
    super(platform);
    this.options = options;
  }

  /** Accepts a module of the vendor; it is not used. */
  static readonly use = ignore('use');

  /** Has no effect. */
  static readonly setEngineOptions = ignore('setEngineOptions');

  /** Has no effect: the address of the server says where it is. */
  static readonly setGeoFence = ignore('setGeoFence');

  /** Has no effect: `setTurnServer` relays media. */
  static readonly setCloudProxyConfig = ignore('setCloudProxyConfig');

  /** Has no effect: the address of the server may be that of a proxy. */
  static readonly setLocalProxyConfig = ignore('setLocalProxyConfig');

  /** Sets how much the engines of this page log; returns false for an unknown level. */
  static presetLogConfig(config: ZegoLogConfig): boolean {
    return applyLogConfig(config);
  }

  /** The version of this SDK. */
  getVersion(): string {
    return VERSION;
  }

  /** Sets how much the engines of this page log; returns false for an unknown level. */
  setLogConfig(config: ZegoLogConfig): boolean {
    return applyLogConfig(config);
  }

  /** Turns the warnings of this page off or on. */
  setDebugVerbose(enable: boolean): void {
    setWarnings(enable);
  }

  /**
   * Sets `room_retry_time`, for how many seconds a lost room is logged in to again; other settings have no effect.
   *
   * @example
   * zg.setEngineConfig({ room_retry_time: 60 });
   */
  setEngineConfig(config: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(config ?? {})) {
      const seconds = Number(value);
      if (name === 'room_retry_time' && seconds > 0)
        this.options = { ...this.options, roomRetryTimeMs: seconds * 1000 };
      else ignoreSetting(`setEngineConfig: ${name}`);
    }
  }

  /**
   * Uses the application's own TURN servers in rooms that are logged in to from now on, instead of those of the server. An
   * address without a scheme is one for `turn:`.
   */
  setTurnServer(turnServerList: readonly ZegoTurnServer[]): void {
    // A call from JavaScript may pass anything.
    if (!Array.isArray(turnServerList)) return;
    const iceServers = turnServerList.map(({ url, username, credential }: ZegoTurnServer) => ({
      urls: /^(stun|turn)s?:/i.test(url) ? url : `turn:${url}`,
      username,
      credential,
    }));
    this.options = { ...this.options, iceServers };
  }

  /**
   * Checks what the browser can do: everything, or one thing. Checks of a camera or microphone open it for a moment, for which
   * the browser may ask the user.
   *
   * @param _checkLevel accepted for compatibility; has no effect
   * @throws ZegoServerResponse 1100001 for an unknown check
   * @example
   * const { result } = await zg.checkSystemRequirements('webRTC');
   */
  async checkSystemRequirements(checkType?: ZegoCheckType, _checkLevel?: 0 | 1): Promise<ZegoCapabilityDetection> {
    const { checkSystem } = await import('./system-check.ts');
    return checkSystem(this.platform.media, checkType);
  }

  /** Returns the last quality report about an own stream; null before the first, and if it is not published. */
  getPublishingStreamQuality(streamID: string): ZegoPublishStats | null {
    return this.quality.published(streamID);
  }

  /** Returns the last quality report about a played stream; null before the first, and if it is not played. */
  getPlayingStreamQuality(streamID: string): ZegoPlayStats | null {
    return this.quality.played(streamID);
  }
}

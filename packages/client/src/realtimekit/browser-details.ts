/**
 * The browser and the operating system, from the browser's own description of itself.
 *
 * @module
 */

/** A browser and its machine; texts are empty if they are not known. */
export interface DeviceConfig {
  readonly browserName: string;
  readonly browserVersion: string;
  readonly isMobile: boolean;
  readonly engineName: string;
  readonly osName: string;
  readonly osVersionName: string;
}

/** The first match wins: Edge and Opera also name Chrome, and Chrome names Safari. */
const BROWSERS: readonly (readonly [name: string, engine: string, pattern: RegExp])[] = [
  ['Microsoft Edge', 'Blink', /\bEdg(?:A|iOS)?\/([\d.]+)/],
  ['Opera', 'Blink', /\bOPR\/([\d.]+)/],
  ['Firefox', 'Gecko', /\b(?:Firefox|FxiOS)\/([\d.]+)/],
  ['Chrome', 'Blink', /\b(?:Chrome|CriOS)\/([\d.]+)/],
  ['Safari', 'WebKit', /\bVersion\/([\d.]+).*\bSafari\//],
];

const SYSTEMS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['iOS', /\b(?:iPhone|iPad|iPod)\b.*?\bOS ([\d_]+)/],
  ['Android', /\bAndroid ([\d.]+)/],
  ['Windows', /\bWindows NT ([\d.]+)/],
  ['macOS', /\bMac OS X ([\d._]+)/],
  ['Linux', /\bLinux\b()/],
];

/** Reads a browser's description of itself. @param userAgent default: this browser's; empty outside of browsers */
export function browserDetails(userAgent: string = globalThis.navigator?.userAgent ?? ''): DeviceConfig {
  const [browserName = '', engine = '', browser] = BROWSERS.find(([, , pattern]) => pattern.test(userAgent)) ?? [];
  const [osName = '', system] = SYSTEMS.find(([, pattern]) => pattern.test(userAgent)) ?? [];
  return {
    browserName,
    browserVersion: browser?.exec(userAgent)?.[1] ?? '',
    isMobile: /\b(?:Mobi|Android|iPhone|iPad|iPod)/.test(userAgent),
    // Every browser of iOS has Apple's engine.
    engineName: osName === 'iOS' ? 'WebKit' : engine,
    osName,
    osVersionName: (system?.exec(userAgent)?.[1] ?? '').replaceAll('_', '.'),
  };
}

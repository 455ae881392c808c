/**
 * Chromium for tests: headless, with fake devices, and without background network traffic.
 *
 * @module
 */

import { type Browser, chromium } from 'playwright-core';

/** The path of Chromium, as the test runner found it; empty if there is none: tests that need it are then skipped. */
export const CHROMIUM: string = process.env.GAVEL_TEST_CHROMIUM ?? '';

/** The path of Chromium's headless shell, or of Chromium where there is none. */
const HEADLESS_SHELL: string = process.env.GAVEL_TEST_HEADLESS_SHELL ?? CHROMIUM;

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Tests use tabs that are not in the foreground.
  '--disable-renderer-backgrounding',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
];

/** Starts Chromium without UDP for WebRTC, as behind a firewall that blocks it; the headless shell ignores it. */
export const WITHOUT_UDP = '--webrtc-ip-handling-policy=disable_non_proxied_udp';

/** Makes Chromium trust every certificate, as that of a test server. */
export const TRUST_EVERY_CERTIFICATE = '--ignore-certificate-errors';

/** The cameras that Chromium imitates. */
export interface FakeCameras {
  readonly count: number;
  readonly framesPerSecond: number;
}

/** What differs from a browser that permits everything and imitates a camera and a microphone. */
export interface BrowserSettings {
  /** Default: those that Chromium has by default; `none`: neither camera nor microphone. */
  readonly cameras?: FakeCameras | 'none';
  /** Whether a page gets the devices that its context does not permit, as if the user agreed; default true. */
  readonly permitsDevices?: boolean;
  /** Whether sound is played before the user touches a page; default true. */
  readonly autoplays?: boolean;
  /** Further arguments of Chromium. */
  readonly args?: readonly string[];
  /**
   * Whether the test needs the desktop browser: its prompts for devices, its policies of the network. The headless shell
   * has the engine alone, and opens pages faster. Default false.
   */
  readonly isDesktop?: boolean;
  /** The path of Chromium; default: the one that the test runner found. */
  readonly executable?: string;
}

/** Starts Chromium with a fresh profile. */
export function launchChromium(settings: BrowserSettings = {}): Promise<Browser> {
  const { cameras, permitsDevices = true, autoplays = true, args = [], isDesktop = false } = settings;
  const { executable = isDesktop ? CHROMIUM : HEADLESS_SHELL } = settings;
  const fake = typeof cameras === 'object' ? `=device-count=${cameras.count},fps=${cameras.framesPerSecond}` : '';
  const all = [
    ...ARGUMENTS,
    `--autoplay-policy=${autoplays ? 'no-user-gesture-required' : 'user-gesture-required'}`,
    ...(permitsDevices ? ['--use-fake-ui-for-media-stream'] : []),
    ...(cameras === 'none' ? [] : [`--use-fake-device-for-media-stream${fake}`]),
    ...args,
  ];
  return chromium.launch({ executablePath: executable, headless: true, args: all });
}

/**
 * Chromium for tests: headless, with fake devices, and without background network traffic.
 *
 * @module
 */

import { type Browser, chromium } from 'playwright-core';

/** The path of Chromium, as the test runner found it; empty if there is none: tests that need it are then skipped. */
export const CHROMIUM: string = process.env.GAVEL_TEST_CHROMIUM ?? '';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  // Tests use tabs that are not in the foreground.
  '--disable-renderer-backgrounding',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
];

/** The cameras that Chromium imitates. */
export interface FakeCameras {
  readonly count: number;
  readonly framesPerSecond: number;
}

/** Starts Chromium with a fresh profile, and with the cameras that it has by default if none are given. */
export function launchChromium(cameras?: FakeCameras): Promise<Browser> {
  const fake = cameras && `=device-count=${cameras.count},fps=${cameras.framesPerSecond}`;
  const args = [...ARGUMENTS, `--use-fake-device-for-media-stream${fake ?? ''}`];
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args });
}

/**
 * A media server as the benchmarks drive it from pages of Chromium: one publisher of a room, and viewers.
 *
 * @module
 */

import type { UdpRelay } from '@gavel/testkit/udp-relay';
import type { Page } from 'playwright-core';
import { findChromium } from '../../scripts/find-programs.mjs';
import { openStage, type Stage } from '../../tests/e2e/harness.ts';
import type { SourceOptions } from '../../tests/e2e/page/sources.ts';
import { onAllCores } from '../harness/processes.ts';
import type { RunningSubject, Subject } from '../harness/row.ts';

/** The name under which a viewer's page records the frames of the stream. */
export const STREAM = 'talk';

/** A running server, and the browser. */
export interface RunningBrowserServer extends RunningSubject {
  /** Opens a page that publishes a source in a room of its own number. */
  publish(room: number, source: SourceOptions): Promise<Page>;
  /** Opens a page that plays what is published in a room, through a relay if one is given. */
  play(room: number, relay?: UdpRelay): Promise<Page>;
}

/** A server that pages can use. */
export type BrowserServerKind = Subject<RunningBrowserServer>;

/** Says what is missing for pages, or returns undefined. */
export const findBrowserObstacle = (): string | undefined => (findChromium() === undefined ? 'Chromium' : undefined);

/** Starts Chromium, which may use all cores, with the page of the end-to-end tests. */
export function openBrowser(): Promise<Stage> {
  const executable = findChromium();
  return onAllCores(() => openStage('page', 'e2e', executable === undefined ? {} : { executable }));
}

/**
 * Shared helpers of the page's end-to-end tests. For tests only.
 *
 * @module
 */

import axe, { type RunOptions } from 'axe-core';
import type { BrowserContext, Page } from 'playwright-core';

/** A phone's viewport, in CSS pixels. */
export const PHONE = { width: 390, height: 844 };
/** A desktop's viewport, in CSS pixels. */
export const DESKTOP = { width: 1280, height: 800 };

/** Opens a tab; its errors are added to `complaints`. */
export async function openPage(
  context: BrowserContext,
  url: string,
  complaints: string[],
  viewport = DESKTOP,
): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.setViewportSize(viewport);
  await page.goto(url);
  return page;
}

/** Waits until a tab shows the moving picture of a user. */
export async function waitForVideo(page: Page, userId: string): Promise<void> {
  await page.waitForFunction(
    (testId) => {
      const tile = document.querySelector<HTMLElement>(`[data-testid="${testId}"]`);
      return tile?.dataset.play === 'playing' && (tile.querySelector('video')?.videoWidth ?? 0) > 0;
    },
    `tile-${userId}`,
    { timeout: 15_000 },
  );
}

/** Returns the serious and critical accessibility violations that axe-core finds in a tab, in light and in dark colours, one line each. */
export async function findAccessibilityFaults(page: Page): Promise<string[]> {
  // Evaluated through the debugger, to which the page's content security policy does not apply.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  const light = await judge(page, {});
  await page.emulateMedia({ colorScheme: 'dark' });
  // Colours are all that differs.
  const dark = await judge(page, { runOnly: ['color-contrast'] });
  return [...light, ...dark.map((fault) => `dark: ${fault}`)];
}

function judge(page: Page, options: RunOptions): Promise<string[]> {
  return page.evaluate(
    async (options) => {
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, options);
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
    },
    { ...options, resultTypes: ['violations'] } satisfies RunOptions,
  );
}

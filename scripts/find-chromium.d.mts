/** Returns the path of a Chromium, or undefined. If GAVEL_TEST_CHROMIUM is set, only that path is used. */
export function findChromium(): string | undefined;

/** Gives the path of a Chromium, or undefined. GAVEL_TEST_CHROMIUM names one outright. */
export function findChromium(): string | undefined;

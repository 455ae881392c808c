/** Returns the path of a Chromium, or undefined. If GAVEL_TEST_CHROMIUM is set, only that path is used. */
export function findChromium(): string | undefined;
/** Returns the path of Chromium's headless shell, else that of a Chromium, or undefined. */
export function findHeadlessShell(): string | undefined;
/** Returns the path of coturn's server, or undefined. If GAVEL_TEST_COTURN is set, only that path is used. */
export function findCoturn(): string | undefined;
/** Returns the path of a NATS server, or undefined. If GAVEL_TEST_NATS is set, only that path is used. */
export function findNatsServer(): string | undefined;
/** Returns the folder of PostgreSQL's programs, or undefined. If GAVEL_TEST_POSTGRES is set, only that folder is used. */
export function findPostgres(): string | undefined;

/**
 * Formats a request as a `curl` command line for any POSIX shell.
 *
 * @module
 */

/** Quotes a text for a POSIX shell: inside single quotes only the single quote is special. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Returns the `curl` command that sends a signed path of the server.
 *
 * @example
 * curlCommand('http://127.0.0.1:7700', '/?Action=CloseRoom&RoomId=demo');
 * // curl 'http://127.0.0.1:7700/?Action=CloseRoom&RoomId=demo'
 */
export function curlCommand(origin: string, path: string): string {
  // Without -g, curl interprets brackets and braces in a URL as ranges and sets.
  const flags = /[[\]{}]/.test(path) ? '-g ' : '';
  return `curl ${flags}${quoteForShell(origin + path)}`;
}

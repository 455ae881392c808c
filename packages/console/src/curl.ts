/**
 * A request as a `curl` command line that can be pasted into any POSIX shell.
 *
 * @module
 */

/** Quotes a text for a POSIX shell: nothing inside single quotes is special but the single quote itself. */
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
  // Without -g curl takes brackets and braces in a URL for ranges and sets of its own.
  const flags = /[[\]{}]/.test(path) ? '-g ' : '';
  return `curl ${flags}${quoteForShell(origin + path)}`;
}

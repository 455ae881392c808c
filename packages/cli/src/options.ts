/**
 * The options that several commands have.
 *
 * @module
 */

import type { CommandSpec, OptionSpec } from './command.ts';

/** The options of every command. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [{ flags: '--json', description: 'Print JSON.' }];

/** The options of the commands that call a server. */
export const REMOTE_OPTIONS: readonly OptionSpec[] = [
  { flags: '--context <name>', description: 'The context to use, in place of the current one.' },
  { flags: '--url <url>', description: 'The URL of the server, in place of that of the context.' },
  { flags: '--curl', description: 'Print the call as a curl command, and do not send it.' },
];

/** The options of the commands that change something. */
export const CHANGE_OPTIONS: readonly OptionSpec[] = [
  { flags: '--yes', description: 'Do not ask.' },
  { flags: '--dry-run', description: 'Print whom it would hit, or what would be sent, and change nothing.' },
];

/** Returns all options of a command. */
export function optionsOf(command: CommandSpec): readonly OptionSpec[] {
  return [
    ...(command.options ?? []),
    ...(command.isRemote ? REMOTE_OPTIONS : []),
    ...(command.confirm ? CHANGE_OPTIONS : []),
    ...COMMON_OPTIONS,
  ];
}

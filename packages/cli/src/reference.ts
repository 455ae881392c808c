/**
 * The reference page of the CLI, printed from the table of commands.
 *
 * @module
 */

import type { CommandSpec, OptionSpec } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT_CODES } from './errors.ts';
import { CHANGE_OPTIONS, COMMON_OPTIONS, REMOTE_OPTIONS } from './options.ts';

const MEANINGS: Readonly<Record<keyof typeof EXIT_CODES, string>> = {
  done: 'done',
  refused: 'the server refused the call, or a check found a fault',
  usage: 'the command line is not valid, or something that it needs is not set',
  unreachable: 'the server cannot be reached, or is not a Gavel server',
};

function describeOption({ flags, description, isRequired, choices, default: fallback }: OptionSpec): string {
  const facts = [
    ...(choices ? [`One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.`] : []),
    ...(isRequired ? ['Required.'] : []),
    ...(fallback === undefined ? [] : [`Default: \`${fallback}\`.`]),
  ];
  return `| \`${flags}\` | ${[description, ...facts].join(' ').replaceAll('|', '\\|')} |`;
}

const optionTable = (options: readonly OptionSpec[]): string[] => [
  '| Option | Meaning |',
  '|---|---|',
  ...options.map(describeOption),
  '',
];

function describeCommand(command: CommandSpec): string[] {
  const { name, summary, args = [], options = [], isRemote, confirm } = command;
  const shown = args.map((argument) => (argument.isOptional ? `[${argument.name}]` : `<${argument.name}>`));
  const required = options.filter(({ isRequired }) => isRequired).map(({ flags }) => flags);
  const kinds = [
    ...(isRemote ? ['[calls a server](#calls-to-a-server)'] : []),
    ...(confirm ? ['[asks before it changes something](#changes)'] : []),
  ];
  const sentence = kinds.length === 0 ? '' : ` It ${kinds.join(', and ')}.`;
  return [
    `## gavel ${name}`,
    '',
    '```',
    ['gavel', name, ...shown, ...required].join(' '),
    '```',
    '',
    `${summary}${sentence}`,
    '',
    ...(args.length > 0
      ? ['| Argument | Meaning |', '|---|---|', ...args.map((each) => `| \`${each.name}\` | ${each.description} |`), '']
      : []),
    ...(options.length > 0 ? optionTable(options) : []),
  ];
}

/** Prints `docs/reference/cli.md`. */
export function printCliReference(): string {
  return [
    '# The command line',
    '',
    '<!-- Generated from packages/cli/src by `npm run docs`; do not edit. -->',
    '',
    'In a checkout: `npm run gavel -- <command>`, such as `npm run gavel -- doctor`. `gavel <command> --help` prints what is here.',
    '',
    '| Exit code | Meaning |',
    '|---|---|',
    ...Object.entries(EXIT_CODES).map(([name, code]) => `| ${code} | ${MEANINGS[name as keyof typeof EXIT_CODES]} |`),
    '',
    'Every command has these options:',
    '',
    ...optionTable(COMMON_OPTIONS),
    '## Calls to a server',
    '',
    'The server is that of `--url`, else of the variable `GAVEL_CLI_URL`, else of a context, else the server of dev mode whose data is in `./data`. Its keys',
    'are those of the context; the variables `GAVEL_CLI_KEY` (the admin key) and `GAVEL_CLI_API_TOKEN` (a token of the RealtimeKit API) win over them.',
    'Contexts are in `gavel/contexts.json` in the configuration folder of the user (`$XDG_CONFIG_HOME`, or `~/.config`), which only the user may read.',
    '',
    ...optionTable(REMOTE_OPTIONS),
    '## Changes',
    '',
    'A command that changes something asks first. Without a terminal it needs `--yes`.',
    '',
    ...optionTable(CHANGE_OPTIONS),
    ...COMMANDS.flatMap(describeCommand),
  ].join('\n');
}

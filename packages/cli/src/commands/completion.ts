/**
 * `gavel completion`: scripts for shells, printed from the table of commands.
 *
 * @module
 */

import type { CommandSpec } from '../command.ts';
import { optionsOf } from '../options.ts';

/** Returns the words that a command line can go on with, by what precedes them: `''`, `callback`, `callback list`. */
function listWords(commands: readonly CommandSpec[]): Map<string, string[]> {
  const words = new Map<string, string[]>([['', []]]);
  const add = (before: string, word: string): void => {
    const known = words.get(before) ?? [];
    if (!known.includes(word)) words.set(before, [...known, word]);
  };
  for (const command of commands) {
    const [noun = '', verb] = command.name.split(' ');
    add('', noun);
    if (verb !== undefined) add(noun, verb);
    for (const choice of command.args?.flatMap(({ choices = [] }) => choices) ?? []) add(command.name, choice);
    for (const { flags } of optionsOf(command)) add(command.name, flags.split(' ')[0] ?? '');
  }
  return words;
}

const SCRIPTS: Readonly<Record<string, (cases: readonly string[]) => string[]>> = {
  bash: (cases) => [
    '# Load it with: source <(gavel completion bash)',
    '_gavel() {',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the shell.
    '  local line="${COMP_WORDS[*]:1:COMP_CWORD-1}" words=""',
    '  case "$line" in',
    ...cases,
    '  esac',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the shell.
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))',
    '}',
    'complete -o default -F _gavel gavel',
  ],
  zsh: (cases) => [
    '#compdef gavel',
    '# Load it with: source <(gavel completion zsh)',
    '_gavel() {',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the shell.
    '  local line="${(j: :)words[2,CURRENT-1]}" words_of=""',
    '  case "$line" in',
    ...cases.map((each) => each.replace('words=', 'words_of=')),
    '  esac',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the shell.
    '  compadd -- ${=words_of}',
    '}',
    'compdef _gavel gavel',
  ],
};

/** Returns the command of completion. @param listCommands returns the table of all commands, which contains this one */
export const createCompletion = (listCommands: () => readonly CommandSpec[]): CommandSpec => ({
  name: 'completion',
  summary: 'Prints the completion for a shell: `source <(gavel completion bash)`.',
  args: [{ name: 'shell', description: 'The shell.', choices: ['bash', 'zsh'] }],
  async run({ args: [shell = ''] }) {
    const words = [...listWords(listCommands())].sort(([one], [other]) => other.length - one.length);
    // The longest match first: after a whole command come its options, wherever they stand.
    const cases = words.map(
      ([before, next]) => `    "${before}"${before.includes(' ') ? '*' : ''}) words="${next.join(' ')}" ;;`,
    );
    const lines = SCRIPTS[shell]?.(cases) ?? [];
    return { value: lines.join('\n'), lines };
  },
});

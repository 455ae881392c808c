/**
 * The command line: reads it, runs the command, and returns the exit code.
 *
 * ```ts
 * process.exitCode = await runCli(['callback', 'list', '--json'], createProcessIo());
 * ```
 *
 * @module
 */

import { Command, CommanderError, Option } from 'commander';
import { CallPrinted, createApi, createPrintingApi } from './api.ts';
import type { CommandResult, CommandSpec, Invocation, OptionSpec, OptionValues } from './command.ts';
import { COMMANDS } from './commands.ts';
import { type Context, findContext } from './contexts.ts';
import { CliError, EXIT_CODES, usageError } from './errors.ts';
import type { CliIo } from './io.ts';
import { optionsOf } from './options.ts';

/** Runs a command line, without the program's name; returns the exit code. Never throws. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  let code: number = EXIT_CODES.done;
  const program = createProgram(io, async (command, args, options) => {
    code = await runCommand(command, args, options, io);
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    // The library has printed the help, or what is wrong with the command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
    if (error instanceof CliError) return report(error, io, argv.includes('--json'));
    throw error;
  }
}

type Run = (command: CommandSpec, args: readonly (string | undefined)[], options: OptionValues) => Promise<void>;

function createProgram(io: CliIo, run: Run): Command {
  const output = { writeOut: io.out, writeErr: io.error };
  const configure = (command: Command): Command =>
    command.exitOverride().configureOutput(output).showSuggestionAfterError();
  const program = configure(new Command('gavel'))
    .description('The command line of Gavel.')
    .helpOption('-h, --help', 'Print the help.');
  const nouns = new Map<string, Command>();
  for (const spec of COMMANDS) {
    const [noun = '', verb] = spec.name.split(' ');
    let parent = program;
    if (verb !== undefined) {
      parent = nouns.get(noun) ?? configure(program.command(noun).description(describeNoun(noun)));
      nouns.set(noun, parent);
    }
    addCommand(configure(parent.command(verb ?? noun)), spec, run);
  }
  return program;
}

/** Describes a noun by its verbs. */
function describeNoun(noun: string): string {
  const verbs = COMMANDS.flatMap(({ name }) => (name.startsWith(`${noun} `) ? [name.slice(noun.length + 1)] : []));
  return verbs.join(', ');
}

function addCommand(command: Command, spec: CommandSpec, run: Run): void {
  command.description(spec.summary);
  for (const { name, description, isOptional, choices } of spec.args ?? []) {
    const argument = command.createArgument(isOptional ? `[${name}]` : `<${name}>`, description);
    command.addArgument(choices ? argument.choices([...choices]) : argument);
  }
  for (const option of optionsOf(spec)) command.addOption(toOption(option));
  if (spec.passesArguments) command.allowUnknownOption().allowExcessArguments();
  else command.allowExcessArguments(false);
  command.action((...received: unknown[]) => {
    const args = spec.passesArguments ? command.args : (received.slice(0, -2).flat() as (string | undefined)[]);
    return run(spec, args, command.opts());
  });
}

function toOption({ flags, description, isRequired, choices, default: fallback, parse }: OptionSpec): Option {
  const option = new Option(flags, description);
  if (choices) option.choices([...choices]);
  if (parse) option.argParser(parse);
  if (fallback !== undefined) option.default(parse ? parse(fallback) : fallback, fallback);
  return option.makeOptionMandatory(isRequired === true);
}

async function runCommand(
  spec: CommandSpec,
  args: readonly (string | undefined)[],
  options: OptionValues,
  io: CliIo,
): Promise<number> {
  const problem = spec.check?.({ args, options });
  if (problem !== undefined) throw usageError(problem);
  let context: Context | undefined;
  const findServer = (): Context => {
    context ??= findContext(io, {
      context: options.context as string | undefined,
      url: options.url as string | undefined,
    });
    return context;
  };
  const api = createApi(findServer);
  const asCurl = options.curl === true;
  const isDryRun = options.dryRun === true;
  const isPrinted = asCurl || (isDryRun && !spec.dryRunsAtServer);
  const printing = { asCurl, print: (text: string) => io.out(`${text}\n`) };
  if (spec.confirm && !isPrinted && !isDryRun && options.yes !== true)
    await requireYes(spec.confirm({ args, options }), io);
  const call: Invocation = {
    ...{ io, args, options },
    api: isPrinted ? createPrintingApi(api, findServer, printing) : api,
    progress: (text) => io.isTerminal && io.error(`\r\x1b[K${text}`),
  };
  try {
    const result = await spec.run(call);
    if (io.isTerminal) io.error('\r\x1b[K');
    if (result) print(result, io, options.json === true);
    return result?.isOk === false ? EXIT_CODES.refused : EXIT_CODES.done;
  } catch (error) {
    if (error instanceof CallPrinted) return EXIT_CODES.done;
    throw error;
  }
}

/** @throws CliError if the user does not agree, or cannot be asked */
async function requireYes(question: string, io: CliIo): Promise<void> {
  if (!io.isTerminal) throw usageError(`${question} There is no terminal to ask on; give --yes`);
  if (!(await io.ask(question))) throw usageError('nothing was changed');
}

function print({ value, lines }: CommandResult, io: CliIo, asJson: boolean): void {
  const text = asJson ? JSON.stringify(value, null, 2) : lines.join('\n');
  if (text !== '') io.out(`${text}\n`);
}

function report({ exit, message, answer }: CliError, io: CliIo, asJson: boolean): number {
  if (asJson)
    io.out(`${JSON.stringify({ error: { kind: exit, message, ...(answer !== undefined && { answer }) } }, null, 2)}\n`);
  else io.error(`gavel: ${message}\n`);
  return EXIT_CODES[exit];
}

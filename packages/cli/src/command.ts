/**
 * What a command of the CLI is: an entry of the table in `commands.ts`.
 *
 * @module
 */

import type { Api } from './api.ts';
import type { CliIo } from './io.ts';

/** An option of a command. */
export interface OptionSpec {
  /** As in the help: `--app <id>`, or `--all` for a switch. */
  readonly flags: string;
  readonly description: string;
  readonly isRequired?: boolean;
  readonly choices?: readonly string[];
  readonly default?: string;
  /** Converts the text. @throws UsageError if it is not valid */
  readonly parse?: (text: string) => string | number;
}

/** An argument of a command. */
export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly isOptional?: boolean;
  readonly choices?: readonly string[];
}

/** The values of the options by name, in camel case. */
export type OptionValues = Readonly<Record<string, string | number | boolean | undefined>>;

/** One call of a command. */
export interface Invocation {
  readonly io: CliIo;
  /** The arguments in their order; an optional one that is absent is undefined. */
  readonly args: readonly (string | undefined)[];
  readonly options: OptionValues;
  /** The server of the context. */
  readonly api: Api;
  /** Shows the progress of long work, on a terminal only. */
  progress(text: string): void;
}

/** What a command has found out or done. */
export interface CommandResult {
  /** Printed by `--json`. */
  readonly value: unknown;
  /** Printed otherwise. */
  readonly lines: readonly string[];
  /** False: it has found a fault, and the process ends with the code of a refusal. */
  readonly isOk?: boolean;
}

/** A command. */
export interface CommandSpec {
  /** Noun and verb, such as `callback list`; a command alone has one word. */
  readonly name: string;
  readonly summary: string;
  readonly args?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** Whether it calls a server: it has the options of contexts, and `--curl`. */
  readonly isRemote?: boolean;
  /** Whether the server answers a dry run: whom and what it would hit. Without it, `--dry-run` prints what would be sent. */
  readonly dryRunsAtServer?: boolean;
  /** Whether everything after its name is for another program. */
  readonly passesArguments?: boolean;
  /** Returns what is wrong with the combination of arguments and options; undefined if nothing is. */
  readonly check?: (call: Pick<Invocation, 'args' | 'options'>) => string | undefined;
  /** The question before it changes something; `--yes` answers it, and `--dry-run` prints what would be sent. */
  readonly confirm?: (call: Pick<Invocation, 'args' | 'options'>) => string;
  /** Without a result, the command has printed everything itself. */
  run(call: Invocation): Promise<CommandResult | undefined>;
}

/** Returns the text of an option that has a default or is required. */
export const textOf = (options: OptionValues, name: string): string => String(options[name] ?? '');

/** Returns rows as lines with aligned columns, with a head. Without rows: one line that says so. */
export function makeTable(
  head: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): string[] {
  if (rows.length === 0) return ['none'];
  const cells = [head, ...rows].map((row) => row.map((cell) => String(cell ?? '')));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Returns a time as text, such as `2027-01-01 12:00:00Z`. */
export const showTime = (atMs: number | undefined): string =>
  atMs === undefined
    ? ''
    : new Date(atMs)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, 'Z');

/**
 * Runs the command line in the test's process, with surroundings of its own.
 *
 * @module
 */

import { runCli } from '../../../packages/cli/src/cli.ts';
import type { CliIo } from '../../../packages/cli/src/io.ts';

/** What a command line has done. */
export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly error: string;
  /** The questions that it asked. */
  readonly questions: readonly string[];
  /** What it printed, as JSON. */
  json<T>(): T;
}

/** The surroundings of the command lines of a test. */
export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The answer on a terminal; without it there is no terminal. */
  readonly answer?: boolean;
  /** Aborted when the user interrupts the command. */
  readonly interrupt?: AbortSignal;
  /** Called with what the command prints. */
  readonly onOut?: (text: string) => void;
}

/** Runs a command line. */
export async function runGavel(
  argv: readonly string[],
  { env = {}, cwd = '/', answer, interrupt = new AbortController().signal, onOut }: CliOptions = {},
): Promise<CliRun> {
  let out = '';
  let error = '';
  const questions: string[] = [];
  const io: CliIo = {
    env,
    cwd,
    isTerminal: answer !== undefined,
    out: (text) => {
      out += text;
      onOut?.(text);
    },
    error: (text) => {
      error += text;
    },
    async ask(question) {
      questions.push(question);
      return answer ?? false;
    },
    onInterrupt: () => interrupt,
  };
  const code = await runCli(argv, io);
  return { code, out, error, questions, json: <T>() => JSON.parse(out) as T };
}

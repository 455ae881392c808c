/**
 * What the CLI reads and writes; tests supply another one.
 *
 * @module
 */

import { createInterface } from 'node:readline/promises';

/** The surroundings of a command. */
export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The current folder. */
  readonly cwd: string;
  /** Whether a person reads the errors and can answer. */
  readonly isTerminal: boolean;
  out(text: string): void;
  error(text: string): void;
  /** Asks a question that is answered with yes or no. */
  ask(question: string): Promise<boolean>;
  /** Returns a signal that is aborted when the user interrupts the process, which then ends by itself. A second interrupt kills it. */
  onInterrupt(): AbortSignal;
}

/** Returns the surroundings of this process. */
export function createProcessIo(): CliIo {
  return {
    env: process.env,
    cwd: process.cwd(),
    isTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
    async ask(question) {
      const terminal = createInterface({ input: process.stdin, output: process.stderr });
      const answer = await terminal.question(`${question} [y/N] `);
      terminal.close();
      return /^y(es)?$/i.test(answer.trim());
    },
    onInterrupt() {
      const controller = new AbortController();
      process.once('SIGINT', () => controller.abort());
      return controller.signal;
    },
  };
}

/**
 * The errors that end a command, and the exit codes of the process.
 *
 * @module
 */

/** The exit codes. */
export const EXIT_CODES = {
  /** Done. */
  done: 0,
  /** The server refused the call, or a check found a fault. */
  refused: 1,
  /** The command line is not valid, or something that it needs is not set. */
  usage: 2,
  /** The server cannot be reached, or its answer is not one of Gavel. */
  unreachable: 3,
} as const;

/** How a command can end. */
export type ExitName = keyof typeof EXIT_CODES;

/** An error that ends a command. Its message is for the user, and contains no secret. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exit: Exclude<ExitName, 'done'>;
  /** What the server answered, for `--json`. */
  readonly answer: unknown;

  constructor(exit: Exclude<ExitName, 'done'>, message: string, answer?: unknown) {
    super(message);
    this.exit = exit;
    this.answer = answer;
  }
}

/** Returns the error of a command line that is not valid. */
export const usageError = (message: string): CliError => new CliError('usage', message);

/**
 * Problems of a configuration, and the error that lists all of them.
 *
 * @module
 */

/** One problem. */
export interface ConfigProblem {
  /** The key as in a file (`media.port`), or the unknown variable or argument. */
  readonly key: string;
  /** The origin of the value: a file with its line, a variable, an argument. */
  readonly origin?: string;
  /** A description of the problem; never contains a secret. */
  readonly message: string;
}

/** A refused configuration. Its message lists every problem, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${sayProblem(problem)}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Formats a problem as one line. */
export function sayProblem({ key, origin, message }: ConfigProblem): string {
  return origin === undefined || origin === key ? `${key}: ${message}` : `${key} (${origin}): ${message}`;
}

/** Formats a value for a message: short, as JSON, and hidden if it is a secret. */
export function showValue(value: unknown, isSecret: boolean): string {
  if (isSecret) return 'the value (not shown)';
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/**
 * What can be wrong with a configuration, and the one error that tells all of it at once.
 *
 * @module
 */

/** One thing that is wrong. */
export interface ConfigProblem {
  /** The key as in a file (`media.port`), or the variable or argument that is not known. */
  readonly key: string;
  /** Where the value came from: a file with its line, a variable, an argument. */
  readonly origin?: string;
  /** What is wrong, in words; never a secret. */
  readonly message: string;
}

/** A configuration that was refused. Its message lists every problem, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${sayProblem(problem)}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Says a problem in one line. */
export function sayProblem({ key, origin, message }: ConfigProblem): string {
  return origin === undefined || origin === key ? `${key}: ${message}` : `${key} (${origin}): ${message}`;
}

/** Shows a value in a message: short, as JSON, and hidden where it is a secret. */
export function showValue(value: unknown, isSecret: boolean): string {
  if (isSecret) return 'the value (not shown)';
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

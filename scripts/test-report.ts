/**
 * Counts and failures of a test run, taken from Vitest's JSON report.
 *
 * @module
 */

/** The number of tests by result. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Zero of everything. */
export const NO_COUNTS: Counts = { passed: 0, failed: 0, skipped: 0 };

/** Adds two counts. */
export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** Formats counts as one line: `N passed, N failed`, and `, N skipped` if there are any. */
export function countsLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** The part of Vitest's JSON report that is read. */
export interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests?: number;
  readonly testResults: readonly {
    /** The path of the file. */
    readonly name: string;
    readonly status: string;
    /** Why the file failed, if no test of it did. */
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

/** A test that failed, or a file that failed without a failed test in it. */
export interface Failure {
  /** The path of the file. */
  readonly file: string;
  /** The name of the test with those of its groups; absent for a file. */
  readonly test?: string;
  /** The first line of the error. */
  readonly message: string;
}

/** Counts a report. A file that failed without a failed test in it counts as one failure. */
export function countReport(report: Report): Counts {
  return {
    passed: report.numPassedTests,
    failed: findFailures(report).length,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  };
}

/** Returns the failures of a report, in its order. */
export function findFailures({ testResults }: Report): Failure[] {
  return testResults.flatMap(({ name: file, status, message, assertionResults }) => {
    const failed = assertionResults.filter((result) => result.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [{ file, message: firstLine(message) }] : [];
    return failed.map(({ fullName, failureMessages }) => ({
      file,
      test: fullName,
      message: firstLine(failureMessages?.[0]),
    }));
  });
}

const firstLine = (text = 'no message'): string => text.trim().split('\n', 1)[0] ?? '';

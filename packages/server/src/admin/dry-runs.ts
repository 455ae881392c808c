/**
 * Dry runs: answer what a call would do, and leave nothing but an audit row that is marked so (DRY-1).
 *
 * @module
 */

import type { Clock } from '../base/clock.ts';
import { auditRowOf, type CommandScope, outcomeOf } from '../journal/audit-rows.ts';
import type { Origin } from '../rooms/commands.ts';
import type { NumberedRows } from '../store/journal.ts';

/** The dependencies of dry runs. */
export interface DryRunsDeps {
  readonly journal: { append(rows: NumberedRows): Promise<void> };
  readonly clock: Pick<Clock, 'now'>;
}

/** A command that is only previewed. */
export interface PreviewedCall {
  readonly scope: CommandScope;
  readonly command: { readonly type: string };
  readonly origin: Origin;
}

/** Executes previews. */
export class DryRuns {
  readonly #deps: DryRunsDeps;

  constructor(deps: DryRunsDeps) {
    this.#deps = deps;
  }

  /** Returns what `preview` returns, after the audit row is stored. @throws the error of `preview`, or of the store */
  async run<T>(call: PreviewedCall, preview: () => Promise<T>): Promise<T> {
    try {
      const result = await preview();
      await this.#store(call, { outcome: 'done' });
      return result;
    } catch (error) {
      await this.#store(call, outcomeOf(error));
      throw error;
    }
  }

  #store({ scope, command, origin }: PreviewedCall, outcome: ReturnType<typeof outcomeOf> | { outcome: 'done' }) {
    const { journal, clock } = this.#deps;
    const row = auditRowOf(scope, { ...command, dryRun: true } as PreviewedCall['command'], origin, {
      atMs: clock.now(),
      ...outcome,
    });
    return journal.append({ audit: [row] });
  }
}

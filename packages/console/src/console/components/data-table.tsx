/**
 * A table of live rows, which stay where they are while the user points at them.
 *
 * @module
 */

import type { ComponentChildren } from 'preact';
import type { Row } from '../../steady-rows.ts';
import { useSteadyRows } from '../../use-steady-rows.ts';

/** A column. */
export interface Column<R extends Row> {
  readonly title: string;
  readonly cell: (row: R) => ComponentChildren;
  /** Whether it is left out at phone width. The first column should then contain what matters of it. */
  readonly isWide?: boolean;
  /** `end` aligns numbers at the right; `fit` takes no more width than it needs. */
  readonly layout?: 'end' | 'fit';
}

/** The properties of a table. */
export interface DataTableProps<R extends Row> {
  /** Describes the table to screen readers. */
  readonly caption: string;
  readonly rows: readonly R[];
  readonly columns: readonly Column<R>[];
  /** The buttons of a row; they are disabled when what the row shows is gone. */
  readonly actions?: (row: R, isGone: boolean) => ComponentChildren;
  /** Shown in place of the table if there is no row. */
  readonly empty: string;
  readonly testId: string;
}

/** A table of live rows. A click always acts on the row that the user saw, also if another one has just gone. */
export function DataTable<R extends Row>({ caption, rows, columns, actions, empty, testId }: DataTableProps<R>) {
  const { shown, handlers } = useSteadyRows(rows);
  return (
    <div class="table-wrap" data-testid={testId} {...handlers}>
      {shown.length === 0 ? (
        <p class="empty">{empty}</p>
      ) : (
        <table class="data">
          <caption class="visually-hidden">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column.title} scope="col" class={classOf(column)}>
                  {column.title}
                </th>
              ))}
              {actions && (
                <th scope="col" class="fit">
                  <span class="visually-hidden">Actions</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ row, isGone }) => (
              <tr key={row.key} class={isGone ? 'gone' : undefined} data-key={row.key}>
                {columns.map((column) => (
                  <td key={column.title} class={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ))}
                {actions && (
                  <td class="row-actions fit">
                    <div>{isGone ? <span class="secondary">gone</span> : actions(row, isGone)}</div>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

const classOf = ({ isWide, layout }: { readonly isWide?: boolean; readonly layout?: string }): string | undefined =>
  [isWide && 'wide', layout].filter(Boolean).join(' ') || undefined;

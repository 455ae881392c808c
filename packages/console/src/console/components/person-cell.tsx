/**
 * A person in a table.
 *
 * @module
 */

import type { ComponentChildren } from 'preact';
import { Badge } from './view-parts.tsx';

/** The properties of the cell. */
export interface PersonCellProps {
  readonly person: {
    readonly userId: string;
    readonly userName: string;
    readonly isDetached?: boolean;
    readonly isHidden?: boolean;
  };
  /** Shown below the name at phone width. */
  readonly children?: ComponentChildren;
}

/** The name of a person, the user id, and what is unusual about the connection. */
export function PersonCell({ person, children }: PersonCellProps) {
  const { userId, userName, isDetached = false, isHidden = false } = person;
  const hasName = userName !== '' && userName !== userId;
  return (
    <div class="stacked">
      <span>
        <strong>{hasName ? userName : userId}</strong> {isDetached && <Badge tone="warn">connection lost</Badge>}{' '}
        {isHidden && <Badge>hidden</Badge>}
      </span>
      {hasName && <span class="secondary">{userId}</span>}
      {children && <span class="secondary phone-only">{children}</span>}
    </div>
  );
}

/**
 * The messages in the corner of the page.
 *
 * @module
 */

import { useStore } from '../../use-store.ts';
import type { Notices } from '../notices.ts';

/** The messages in the corner of the page; a screen reader announces each new one. */
export function NoticeList({ notices }: { notices: Notices }) {
  const shown = useStore(notices).notices;
  return (
    <section class="notices" aria-label="Messages" aria-live="polite">
      {shown.map(({ id, text, isError, action }) => (
        <div key={id} class="notice-line" data-error={isError} data-testid="notice">
          <p>{text}</p>
          {action && (
            <button
              type="button"
              class="button small"
              data-testid="notice-action"
              onClick={() => {
                notices.dismiss(id);
                action.run();
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => notices.dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </section>
  );
}

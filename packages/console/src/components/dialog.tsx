/**
 * A modal dialog.
 *
 * @module
 */

import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';

/** The properties of a dialog. */
export interface DialogProps {
  readonly title: string;
  readonly testId: string;
  /** Whether it is an alert dialog that asks a question. */
  readonly isAlert?: boolean;
  /**
   * Whether a click outside closes it; by default it does. Not so for a form: the click would discard what was filled in, and
   * may be the second one of a double click on the button that opened the dialog.
   */
  readonly closesOutside?: boolean;
  /** Called on Escape and on a click outside the dialog; the owner then removes it from the page. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog, open while it is rendered. It traps the focus, and returns it to the opener when it closes. */
export function Dialog({ title, testId, isAlert = false, closesOutside = true, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const bodyId = useId();
  useLayoutEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      // The browser restores the focus only if the dialog is still in the page.
      if (opener instanceof HTMLElement) opener.focus({ preventScroll: true });
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape has the same effect as a click outside the dialog.
    <dialog
      ref={element}
      class="dialog"
      role={isAlert ? 'alertdialog' : undefined}
      aria-labelledby={titleId}
      aria-describedby={isAlert ? bodyId : undefined}
      data-testid={testId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (closesOutside && event.target === element.current) onClose();
      }}
    >
      <div class="dialog-content">
        <h2 id={titleId}>{title}</h2>
        <div id={bodyId} class="dialog-body">
          {children}
        </div>
      </div>
    </dialog>
  );
}

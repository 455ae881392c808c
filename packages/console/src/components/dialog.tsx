/**
 * A modal dialog.
 *
 * @module
 */

import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';

/** What a dialog needs. */
export interface DialogProps {
  readonly title: string;
  readonly testId: string;
  /** Whether it interrupts with a question. */
  readonly isAlert?: boolean;
  /** Called on Escape and on a click beside the dialog; the owner takes it out of the page. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog: open while it is rendered. The focus stays inside, and goes back to its opener at the end. */
export function Dialog({ title, testId, isAlert = false, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const bodyId = useId();
  useLayoutEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      // The browser gives the focus back only where the dialog is still in the page.
      if (opener instanceof HTMLElement) opener.focus({ preventScroll: true });
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does what a click beside the dialog does.
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
        if (event.target === element.current) onClose();
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

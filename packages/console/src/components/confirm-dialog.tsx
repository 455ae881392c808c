/**
 * A question before something that cannot be undone.
 *
 * @module
 */

import type { ComponentChildren } from 'preact';
import { Dialog } from './dialog.tsx';

/** What a question needs. */
export interface ConfirmDialogProps {
  readonly title: string;
  readonly confirmLabel: string;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
  readonly children: ComponentChildren;
}

/** A question before something that cannot be undone; the focus begins on the answer that changes nothing. */
export function ConfirmDialog({ title, confirmLabel, onConfirm, onCancel, children }: ConfirmDialogProps) {
  return (
    <Dialog title={title} testId="confirm-dialog" isAlert onClose={onCancel}>
      {children}
      <div class="dialog-actions">
        <button type="button" class="button" autofocus data-testid="confirm-cancel" onClick={onCancel}>
          Cancel
        </button>
        <button type="button" class="button danger-solid" data-testid="confirm-accept" onClick={onConfirm}>
          {confirmLabel}
        </button>
      </div>
    </Dialog>
  );
}

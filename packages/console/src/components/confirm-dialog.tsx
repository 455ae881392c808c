/**
 * A confirmation dialog for actions that cannot be undone.
 *
 * @module
 */

import type { ComponentChildren } from 'preact';
import { Dialog } from './dialog.tsx';

/** The properties of a confirmation dialog. */
export interface ConfirmDialogProps {
  readonly title: string;
  readonly confirmLabel: string;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
  readonly children: ComponentChildren;
}

/** A confirmation dialog for actions that cannot be undone; the initial focus is on Cancel. */
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

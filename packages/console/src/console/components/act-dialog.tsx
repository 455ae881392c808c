/**
 * The dialog in which a moderator acts: what will happen, why, and the confirmation.
 *
 * @module
 */

import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Dialog } from '../../components/dialog.tsx';
import { describeError } from '../api/admin-client.ts';
import { type Preview, usePreview } from '../use-preview.ts';

/** The longest reason, in characters. */
const MAX_REASON_LENGTH = 256;

/** What the dialog asks for, and what it does. */
export interface ActDialogProps {
  readonly title: string;
  /** The text of the button that acts. */
  readonly confirmLabel: string;
  /** Whether the button is red, because the act ends something. */
  readonly isDanger?: boolean;
  /** Identifies the parameters that the preview depends on, other than the reason. */
  readonly previewKey: string;
  /** Asks the server what the act would do (DRY-1); absent if it does not say. */
  readonly preview?: () => Promise<Preview>;
  /** Acts. A repeated call has the same key, so that nothing is done twice (IDEM-1). */
  readonly act: (reason: string, idempotencyKey: string) => Promise<void>;
  readonly onClose: () => void;
  /** Fields for the parameters of the act. */
  readonly children?: ComponentChildren;
}

/** Asks for the reason and shows the preview before it acts; it stays open if the act is refused. */
export function ActDialog(props: ActDialogProps) {
  const { title, confirmLabel, isDanger = true, previewKey, act, onClose, children } = props;
  const [reason, setReason] = useState('');
  const [error, setError] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [keys] = useState(() => new Map<string, string>());
  const preview = usePreview(previewKey, props.preview);
  const id = useId();

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (isBusy) return;
    setIsBusy(true);
    setError('');
    // Other parameters are another act.
    const parameters = `${previewKey} ${reason}`;
    const key = keys.get(parameters) ?? crypto.randomUUID();
    keys.set(parameters, key);
    try {
      await act(reason.trim(), key);
      onClose();
    } catch (failure) {
      setError(describeError(failure));
      setIsBusy(false);
    }
  };

  return (
    <Dialog title={title} testId="act-dialog" closesOutside={false} onClose={onClose}>
      <form class="act-form" onSubmit={(event) => void submit(event)}>
        {children}
        <div class="field">
          <label for={id}>Reason</label>
          <textarea
            id={id}
            value={reason}
            maxLength={MAX_REASON_LENGTH}
            required
            autofocus
            aria-describedby={`${id}-hint`}
            data-testid="act-reason"
            onInput={(event) => setReason(event.currentTarget.value)}
          />
          <p class="hint" id={`${id}-hint`}>
            Shown to the people concerned, and kept in the audit trail.
          </p>
        </div>
        {props.preview && <PreviewBox preview={preview} />}
        <p class="form-error" role="alert" data-testid="act-error">
          {error}
        </p>
        <div class="dialog-actions">
          <button type="button" class="button" data-testid="act-cancel" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={`button ${isDanger ? 'danger-solid' : 'primary'}`}
            disabled={isBusy || preview.state === 'refused'}
            data-testid="act-confirm"
          >
            {isBusy ? 'Working …' : confirmLabel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function PreviewBox({ preview }: { preview: ReturnType<typeof usePreview> }) {
  return (
    <section class="preview" aria-label="Preview" aria-live="polite" data-state={preview.state} data-testid="preview">
      {preview.state === 'loading' && <p class="secondary">Asking the server what this would do …</p>}
      {preview.state === 'refused' && <p>{preview.error}</p>}
      {preview.state === 'known' && (
        <>
          <h3>{preview.preview.summary}</h3>
          {preview.preview.lines.length > 0 && (
            <ul>
              {preview.preview.lines.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  );
}

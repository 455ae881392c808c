/**
 * One moderation call: its button, and the signed command line on request.
 *
 * @module
 */

import { useEffect, useId, useState } from 'preact/hooks';
import { curlCommand } from '../curl.ts';
import { callKey, type Moderation, type SignedRequest } from '../moderation.ts';
import type { ModerationCall } from '../signing.ts';
import { CopyButton } from './copy-button.tsx';
import { Icon } from './icons.tsx';

/** The properties of a row. */
export interface CallRowProps {
  readonly moderation: Moderation;
  readonly call: ModerationCall;
  readonly request: SignedRequest | undefined;
  readonly reason: string;
  readonly button: string;
  readonly name: string;
  readonly detail: string;
  /** Whether the target of the call no longer exists: the row keeps its place and does nothing. */
  readonly isGone?: boolean;
  /** Whether the call can be sent now. */
  readonly isEnabled: boolean;
  /** Asks for confirmation and then calls `send`. If absent, the call is sent at once. */
  readonly confirm?: (send: () => void) => void;
}

/** One moderation call. */
export function CallRow(props: CallRowProps) {
  const { moderation, call, request, reason, button, name, detail, isGone = false, isEnabled, confirm } = props;
  const [isOpen, setIsOpen] = useState(false);
  const [isSending, setIsSending] = useState(false);
  const id = useId();
  const key = callKey(call);
  const path = request?.kind === 'signed' && request.reason === reason ? request.path : undefined;
  const mayAct = isEnabled && !isGone && !isSending;
  const needsSigning = isOpen && !isGone && request?.kind !== 'failed' && path === undefined && !isSending;

  // The shown request is updated shortly after the last change of the reason. `call` is a new object on every render:
  // its key identifies it.
  useEffect(() => {
    if (!needsSigning) return undefined;
    const timer = setTimeout(() => void moderation.sign(call), request ? 300 : 0);
    return () => clearTimeout(timer);
  }, [needsSigning, reason, key]);

  const send = async () => {
    setIsSending(true);
    await moderation.send(call);
    setIsSending(false);
  };
  const act = (event: MouseEvent) => {
    // Ignore the second half of a double click.
    if (!mayAct || event.detail > 1) return;
    if (confirm) confirm(() => void send());
    else void send();
  };
  return (
    <li class={`call call-${call.kind}${isGone ? ' gone' : ''}`}>
      <div class="call-head">
        <span class="call-name">
          <strong>{name}</strong>
          {(isGone || detail) && <small>{isGone ? 'no longer in the room' : detail}</small>}
        </span>
        <button
          type="button"
          class="button small quiet"
          aria-expanded={isOpen}
          aria-controls={id}
          disabled={isGone}
          aria-label={`curl to ${button.toLowerCase()} ${name}`}
          data-testid={`curl-toggle-${key}`}
          onClick={() => setIsOpen(!isOpen)}
        >
          curl
          <Icon name="chevron" />
        </button>
        <button
          type="button"
          class="button small danger"
          aria-label={`${button} ${name}`}
          aria-disabled={!mayAct}
          data-testid={key}
          onClick={act}
        >
          {button}
        </button>
      </div>
      {request?.kind === 'failed' && (
        <p class="form-error" role="alert">
          {request.text}{' '}
          <button type="button" class="link" onClick={() => void moderation.sign(call)}>
            Try again
          </button>
        </p>
      )}
      <div id={id} class="call-curl" hidden={!isOpen || isGone || request?.kind === 'failed'}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a text that scrolls must be reachable by keyboard. */}
        <code data-testid={`curl-${key}`} tabIndex={0}>
          {path ? curlCommand(location.origin, path) : 'Signing …'}
        </code>
        {path && <CopyButton text={() => curlCommand(location.origin, path)} testId={`curl-copy-${key}`} />}
      </div>
    </li>
  );
}

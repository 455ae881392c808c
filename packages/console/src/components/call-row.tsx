/**
 * One moderation call: its button, and the signed command line when it is asked for.
 *
 * @module
 */

import { useEffect, useId, useState } from 'preact/hooks';
import { curlCommand } from '../curl.ts';
import { callKey, type Moderation, type SignedRequest } from '../moderation.ts';
import type { ModerationCall } from '../signing.ts';
import { CopyButton } from './copy-button.tsx';
import { Icon } from './icons.tsx';

/** What a row needs. */
export interface CallRowProps {
  readonly moderation: Moderation;
  readonly call: ModerationCall;
  readonly request: SignedRequest | undefined;
  readonly reason: string;
  readonly button: string;
  readonly name: string;
  readonly detail: string;
}

/** One moderation call. */
export function CallRow({ moderation, call, request, reason, button, name, detail }: CallRowProps) {
  const [isOpen, setIsOpen] = useState(false);
  const [isSending, setIsSending] = useState(false);
  const id = useId();
  const key = callKey(call);
  const path = request?.kind === 'signed' && request.reason === reason ? request.path : undefined;
  const needsSigning = isOpen && request?.kind !== 'failed' && path === undefined && !isSending;

  // The shown request follows the reason, a moment after the last key. `call` is new on every render: its key says
  // which it is.
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
  return (
    <li class={`call call-${call.kind}`}>
      <div class="call-head">
        <span class="call-name">
          <strong>{name}</strong>
          {detail && <small>{detail}</small>}
        </span>
        <button
          type="button"
          class="button small quiet"
          aria-expanded={isOpen}
          aria-controls={id}
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
          disabled={isSending}
          data-testid={key}
          onClick={() => void send()}
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
      <div id={id} class="call-curl" hidden={!isOpen || request?.kind === 'failed'}>
        <code data-testid={`curl-${key}`}>{path ? curlCommand(location.origin, path) : 'Signing …'}</code>
        {path && <CopyButton text={() => curlCommand(location.origin, path)} testId={`curl-copy-${key}`} />}
      </div>
    </li>
  );
}

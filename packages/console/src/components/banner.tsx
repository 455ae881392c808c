/**
 * The banner that explains how the visit ended.
 *
 * @module
 */

import { useEffect, useRef } from 'preact/hooks';
import type { Ending, EndingKind } from '../room-state.ts';
import { Logo } from './logo.tsx';

const TEXTS: Readonly<Record<EndingKind, { title: string; text: string }>> = {
  removed: {
    title: 'You were removed from the room',
    text: 'A moderator removed you, or closed the room. Your camera and microphone are off, and nobody receives them.',
  },
  closed: {
    title: 'The room was closed',
    text: 'Everyone was removed. Your camera and microphone are off. Joining again creates a new room.',
  },
  replaced: {
    title: 'You joined from another tab or device',
    text: 'The same user id has logged in again, in another tab or on another device. This page has left the room.',
  },
  'token-expired': {
    title: 'Your token has expired',
    text: 'You have left the room. Get a new token to join again.',
  },
  lost: {
    title: 'The connection was lost',
    text: 'The server could not be reached for too long. You are out of the room.',
  },
};

/** Explains how the visit ended and offers the next actions. */
export function Banner(props: { ending: Ending; roomId: string; onRejoin: () => void; onDismiss: () => void }) {
  const { ending, roomId, onRejoin, onDismiss } = props;
  const { title, text } = TEXTS[ending.kind];
  const heading = useRef<HTMLHeadingElement>(null);
  // Do not focus a button: a user who is typing must not join again with the next key.
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <section class={`banner ending-${ending.kind}`} data-testid="banner" data-ending={ending.kind}>
      <div role="alert">
        <Logo />
        <h2 ref={heading} tabIndex={-1} data-focus-start>
          {title}
        </h2>
        {ending.reason && (
          <p class="banner-reason">
            <span>Reason:</span> <q data-testid="banner-reason">{ending.reason}</q>
          </p>
        )}
        <p>{text}</p>
      </div>
      <p class="banner-facts">
        Room <code>{roomId}</code>
        {ending.code !== 0 && (
          <>
            {' '}
            · Code <code>{ending.code}</code>
          </>
        )}
      </p>
      <div class="banner-actions">
        <button type="button" class="button primary" data-testid="rejoin-button" onClick={onRejoin}>
          Join again
        </button>
        <button type="button" class="button quiet" data-testid="dismiss-button" onClick={onDismiss}>
          Choose another room
        </button>
      </div>
    </section>
  );
}

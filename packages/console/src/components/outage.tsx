/**
 * The notice of a lost connection: its duration and the possible actions.
 *
 * @module
 */

import { useEffect, useState } from 'preact/hooks';
import { formatElapsed, formatTime } from '../log.ts';
import { Icon } from './icons.tsx';

/** How long the button shows that an attempt is in progress, in milliseconds. */
const TRYING_MS = 2_000;

/** Shows that the connection has been lost since `sinceMs` (milliseconds since the Unix epoch). */
export function Outage({ sinceMs, onRetry, onLeave }: { sinceMs: number; onRetry: () => void; onLeave: () => void }) {
  const [nowMs, setNowMs] = useState(Date.now);
  const [triedAtMs, setTriedAtMs] = useState(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const isTrying = nowMs - triedAtMs < TRYING_MS;
  const retry = () => {
    if (isTrying) return;
    setTriedAtMs(Date.now());
    setNowMs(Date.now());
    onRetry();
  };
  return (
    <div class="strip outage" data-testid="outage">
      <Icon name="alert" />
      <p>
        <span role="alert">
          <strong>No connection to the server since {formatTime(sinceMs).slice(0, 8)}.</strong> Video may freeze, and
          others may not see or hear you. The page reconnects automatically.
        </span>{' '}
        <span class="outage-time" role="timer">
          {formatElapsed(nowMs - sinceMs)}
        </span>
      </p>
      <button type="button" class="button" aria-disabled={isTrying} data-testid="retry-button" onClick={retry}>
        <span aria-live="polite">{isTrying ? 'Trying …' : 'Try now'}</span>
      </button>
      <button type="button" class="button" data-testid="outage-leave-button" onClick={onLeave}>
        Leave
      </button>
    </div>
  );
}

/**
 * The page before the room: what Gavel is, and the card for joining.
 *
 * @module
 */

import type { PageConfig } from '../config.ts';
import type { Devices } from '../devices.ts';
import type { PlainError } from '../errors.ts';
import type { PageQuery } from '../page-query.ts';
import type { JoinOptions } from '../room-model.ts';
import { JoinForm } from './join-form.tsx';
import { Logo } from './logo.tsx';

/** What the page before the room needs. */
export interface JoinViewProps {
  readonly config: PageConfig;
  readonly devices: Devices;
  readonly query: PageQuery;
  /** What was joined with before, if anything. */
  readonly last: JoinOptions | undefined;
  readonly error: PlainError | undefined;
  readonly onJoin: (options: JoinOptions) => void;
}

/** The page before the room. */
export function JoinView(props: JoinViewProps) {
  const isDev = props.config.mode === 'dev';
  return (
    <div class="join">
      <span class="visually-hidden" data-testid="connection-state" data-state="outside">
        Not in a room
      </span>
      <header class="join-head">
        <Logo />
        <span class="pill">{isDev ? 'Development mode' : 'Production mode'}</span>
      </header>
      <main class="join-main">
        <section class="pitch">
          <h1 tabIndex={-1} data-focus-start={props.last && true}>
            Live rooms that stay in order.
          </h1>
          <p class="pitch-lead">
            Real audio and video from your own server, and moderation that holds the moment your backend asks for it.
          </p>
          <ol class="steps">
            <li>
              <strong>Join in two tabs.</strong> A camera each, or a test picture.
            </li>
            <li>
              <strong>Put one out.</strong> With the same signed request that your backend sends.
            </li>
            <li>
              <strong>See it hold.</strong> The tab says why, its camera is gone, every callback is in the log.
            </li>
          </ol>
        </section>
        <JoinForm {...props} />
      </main>
    </div>
  );
}

/**
 * The page before the room: an introduction and the join form.
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

/** The properties of the page before the room. */
export interface JoinViewProps {
  readonly config: PageConfig;
  readonly devices: Devices;
  readonly query: PageQuery;
  /** The parameters of the previous join, if any. */
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
            Audio and video from your own server, and moderation that takes effect as soon as your backend asks for it.
          </p>
          <ol class="steps">
            <li>
              <strong>Join in two tabs.</strong> A camera each, or a test picture.
            </li>
            <li>
              <strong>Remove one user.</strong> Use the same signed request that your backend sends.
            </li>
            <li>
              <strong>See the result.</strong> The tab shows the reason, its camera is off, and the log has every
              callback.
            </li>
          </ol>
        </section>
        <JoinForm {...props} />
      </main>
    </div>
  );
}

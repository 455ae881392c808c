/**
 * The sign-in form.
 *
 * @module
 */

import { useId, useRef } from 'preact/hooks';
import { Logo } from '../../components/logo.tsx';

/** The properties of the form. */
export interface SignInViewProps {
  readonly isBusy: boolean;
  /** Why nobody is signed in; empty at the first visit. */
  readonly message: string;
  readonly onSignIn: (token: string) => void;
}

/** Asks for a token of the admin API. */
export function SignInView({ isBusy, message, onSignIn }: SignInViewProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const token = input.current?.value.trim() ?? '';
    if (token !== '' && !isBusy) onSignIn(token);
  };
  return (
    <main class="sign-in">
      <form class="card sign-in-card" onSubmit={submit}>
        <Logo />
        <h1>Sign in to the console</h1>
        <div class="field">
          <label for={id}>Access token</label>
          <input
            ref={input}
            id={id}
            type="password"
            autocomplete="current-password"
            required
            autofocus
            maxLength={512}
            aria-describedby={`${id}-hint ${id}-message`}
            data-testid="token-input"
          />
          <p class="hint" id={`${id}-hint`}>
            A token of the admin API. The owner of the server creates one for each person.
          </p>
        </div>
        <p class="form-error" id={`${id}-message`} role="alert" data-testid="sign-in-error">
          {message}
        </p>
        <button type="submit" class="button primary wide" disabled={isBusy} data-testid="sign-in-button">
          {isBusy ? 'Signing in …' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}

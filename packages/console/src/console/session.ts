/**
 * The session of this browser: who is signed in, and what they may do.
 *
 * @module
 */

import type { AdminSession } from '@gavel/protocol/admin';
import { Store } from '../store.ts';
import { AdminClient, describeError, type Fetch } from './api/admin-client.ts';

/** What the page knows about the session. */
export type SessionState =
  | { readonly phase: 'loading' | 'signing-in' }
  /** `message` says why: a wrong token, or a session that has ended. */
  | { readonly phase: 'signed-out'; readonly message: string }
  | { readonly phase: 'signed-in'; readonly who: AdminSession }
  | { readonly phase: 'unreachable'; readonly message: string };

/** Signs in and out, and owns the client whose calls belong to the session. */
export class ConsoleSession extends Store<{ readonly session: SessionState }> {
  readonly client: AdminClient;

  constructor(fetch: Fetch) {
    super({ session: { phase: 'loading' } });
    this.client = new AdminClient(fetch, () => this.#expire());
  }

  /** Finds out whether the browser is signed in. */
  async open(): Promise<void> {
    this.set({ session: { phase: 'loading' } });
    try {
      const { session } = await this.client.get<{ session: AdminSession | null }>('/session');
      if (session) this.#enter(session);
      else this.set({ session: { phase: 'signed-out', message: '' } });
    } catch (error) {
      this.set({ session: { phase: 'unreachable', message: describeError(error) } });
    }
  }

  /** Exchanges a token for a session. The page forgets the token. */
  async signIn(token: string): Promise<void> {
    this.set({ session: { phase: 'signing-in' } });
    try {
      this.#enter(await this.client.post<AdminSession>('/session', { body: { token } }));
    } catch (error) {
      this.set({ session: { phase: 'signed-out', message: describeError(error) } });
    }
  }

  /** Ends the session at the server. If that fails, the user stays signed in and gets the error. */
  async signOut(): Promise<void> {
    await this.client.delete('/session');
    this.client.csrfToken = undefined;
    this.set({ session: { phase: 'signed-out', message: '' } });
  }

  #enter(who: AdminSession): void {
    this.client.csrfToken = who.csrfToken;
    this.set({ session: { phase: 'signed-in', who } });
  }

  #expire(): void {
    this.client.csrfToken = undefined;
    this.set({ session: { phase: 'signed-out', message: 'Your session has ended. Sign in again to continue.' } });
  }
}

/**
 * Short messages about what a user has done, with an action that undoes it.
 *
 * @module
 */

import { Store } from '../store.ts';

/** How long a message stays, in milliseconds. One with an action stays longer. */
const SHOWN_MS = 6000;
const SHOWN_WITH_ACTION_MS = 20_000;

/** A message. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly isError: boolean;
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** The messages that are shown, oldest first. */
export class Notices extends Store<{ readonly notices: readonly Notice[] }> {
  #lastId = 0;

  constructor() {
    super({ notices: [] });
  }

  /** Shows a message. An error stays until it is dismissed. */
  show(text: string, options: { readonly isError?: boolean; readonly action?: Notice['action'] } = {}): void {
    const { isError = false, action } = options;
    this.#lastId += 1;
    const id = this.#lastId;
    this.set({ notices: [...this.state.notices, { id, text, isError, ...(action && { action }) }] });
    if (!isError) setTimeout(() => this.dismiss(id), action ? SHOWN_WITH_ACTION_MS : SHOWN_MS);
  }

  /** Removes a message. */
  dismiss(id: number): void {
    this.set({ notices: this.state.notices.filter((notice) => notice.id !== id) });
  }
}

/**
 * Claims of logins in memory, for rooms that are all in one process.
 *
 * @module
 */

import type { MemberId, UserId } from '@gavel/protocol';
import { type AppScope, scopeText } from '../app-scope.ts';
import type { LoginClaims, LoginHolder } from './login-claims.ts';

const textOf = (scope: AppScope, userId: UserId): string => `${scopeText(scope)}/${userId}`;

/** Answers at once. */
export class MemoryLoginClaims implements LoginClaims {
  /** By user; the holders in the order of their claims. */
  readonly #holders = new Map<string, readonly LoginHolder[]>();

  claim(scope: AppScope, userId: UserId, holder: LoginHolder): readonly LoginHolder[] {
    const text = textOf(scope, userId);
    const others = (this.#holders.get(text) ?? []).filter(({ memberId }) => memberId !== holder.memberId);
    this.#holders.set(text, [...others, holder]);
    return others;
  }

  release(scope: AppScope, userId: UserId, memberId: MemberId): void {
    const text = textOf(scope, userId);
    const others = (this.#holders.get(text) ?? []).filter((holder) => holder.memberId !== memberId);
    if (others.length > 0) this.#holders.set(text, others);
    else this.#holders.delete(text);
  }
}

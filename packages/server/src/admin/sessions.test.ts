import { FakeClock } from '@gavel/testkit';
import { describe, expect, it } from 'vitest';
import {
  AdminSessions,
  formatSessionCookie,
  hasCsrfToken,
  readSessionCookie,
  SESSION_LIFETIME_MS,
} from './sessions.ts';

describe('sessions of the console', () => {
  it('end after 12 hours, and when the user signs out (CON-1)', () => {
    const clock = new FakeClock();
    const sessions = new AdminSessions(clock);
    const first = sessions.begin('hash');
    const second = sessions.begin('hash');
    sessions.end(second.id);
    expect(sessions.find(first.id)).toEqual(first);
    expect(sessions.find(second.id)).toBeUndefined();
    clock.advance(SESSION_LIFETIME_MS - 1);
    expect(sessions.find(first.id)).toEqual(first);
    clock.advance(1);
    expect(sessions.find(first.id)).toBeUndefined();
  });

  it('are at most 1,000: the oldest one ends for a new one', () => {
    const sessions = new AdminSessions(new FakeClock());
    const [first, second] = Array.from({ length: 1000 }, () => sessions.begin('hash'));
    expect(sessions.find(first?.id ?? '')).toBeDefined();
    sessions.begin('hash');
    expect(sessions.find(first?.id ?? '')).toBeUndefined();
    expect(sessions.find(second?.id ?? '')).toBeDefined();
  });

  it('have ids and CSRF tokens that differ', () => {
    const sessions = new AdminSessions(new FakeClock());
    const [one, other] = [sessions.begin('hash'), sessions.begin('hash')];
    expect(new Set([one.id, other.id, one.csrfToken, other.csrfToken]).size).toBe(4);
    expect(hasCsrfToken(one, one.csrfToken)).toBe(true);
    for (const header of [undefined, '', other.csrfToken, [one.csrfToken]]) {
      expect(hasCsrfToken(one, header)).toBe(false);
    }
  });
});

describe('the cookie', () => {
  it('is HttpOnly and SameSite=Strict, and Secure with HTTPS (CON-1)', () => {
    expect(formatSessionCookie('/admin/v1', true, 'abc')).toBe(
      'gavel_session=abc; Path=/admin/v1; Max-Age=43200; HttpOnly; SameSite=Strict; Secure',
    );
    expect(formatSessionCookie('/admin/v1', false)).toBe(
      'gavel_session=; Path=/admin/v1; Max-Age=0; HttpOnly; SameSite=Strict',
    );
  });

  it.each([
    ['gavel_session=abc', 'abc'],
    ['a=1; gavel_session=abc; b=2', 'abc'],
    ['gavel_session=', undefined],
    ['xgavel_session=abc', undefined],
    [undefined, undefined],
  ])('is found in %j', (header, id) => {
    expect(readSessionCookie(header)).toBe(id);
  });
});

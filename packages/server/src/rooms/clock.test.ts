import { FakeClock } from '@gavel/testkit';
import { expect, it } from 'vitest';
import { createIdSource } from './clock.ts';

it('gives tickets of 128 random bits, none of them twice', () => {
  const ids = createIdSource(new FakeClock());
  const tickets = Array.from({ length: 1000 }, () => ids.nextTicket());
  expect(new Set(tickets).size).toBe(tickets.length);
  // Of a pool that was not filled again, or given out after it was wiped, bytes would be 0 throughout.
  for (const ticket of tickets) expect(ticket).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(tickets.some((ticket) => ticket.startsWith('AAAAAAAA'))).toBe(false);
});

import { GavelError } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { expect, test } from 'vitest';
import { askNext } from './ask-next.ts';
import { NotDelivered } from './node-link.ts';
import { defineTopic } from './topic.ts';

const TOPIC = defineTopic<string, string>('test');
const DIED = new GavelError('server.node-unavailable', 'Its lease is over.');

/** Asks a node that fails with each of the errors, one after another, and answers then. Returns the requests, and the outcome. */
async function ask(
  failures: readonly Error[],
  requests: { readonly request: string; readonly retry?: string },
  passMs = 5000,
) {
  const clock = new FakeClock();
  const left = [...failures];
  const asked: string[] = [];
  const peers = {
    askFor: async (_subject: string, _topic: unknown, request: unknown): Promise<never> => {
      asked.push(String(request));
      const failure = left.shift();
      if (failure) throw failure;
      return 'answer' as never;
    },
  };
  let outcome: unknown;
  void askNext({ peers, clock }, 'subject', TOPIC, requests).then(
    (answer) => (outcome = answer),
    (error) => (outcome = error),
  );
  for (let passed = 0; passed <= passMs && outcome === undefined; passed += 100) {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
  }
  return { asked, outcome };
}

test('a request that has not reached its node waits for the next one (CLUS-3)', async () => {
  const lost = new NotDelivered('a', 'it is gone');
  expect(await ask([lost, lost], { request: 'first' })).toEqual({
    asked: ['first', 'first', 'first'],
    outcome: 'answer',
  });
});

test('a request without an answer is made again at the next node only if it may be (CLUS-3)', async () => {
  expect(await ask([DIED], { request: 'first' })).toEqual({ asked: ['first'], outcome: DIED });
  const repeated = await ask([DIED, new NotDelivered('b', 'it is gone')], { request: 'first', retry: 'again' });
  expect(repeated).toEqual({ asked: ['first', 'again', 'again'], outcome: 'answer' });
});

test('a request fails without a next node in time, and with any other error at once', async () => {
  const lost = new NotDelivered('a', 'it is gone');
  const { asked, outcome } = await ask(
    Array.from({ length: 100 }, () => lost),
    { request: 'first' },
  );
  expect(outcome).toBe(lost);
  expect(asked.length).toBeLessThanOrEqual(42);
  const refused = new GavelError('policy.bad-rule');
  expect(await ask([refused], { request: 'first', retry: 'again' })).toEqual({ asked: ['first'], outcome: refused });
});

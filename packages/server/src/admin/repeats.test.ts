import { GavelError } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import Fastify, { type FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import type { CommandReply } from '../store/journal.ts';
import { judgeCalls } from './caller.ts';
import { Repeats, type RepeatTerms } from './repeats.ts';

test('a call that is refused because another node has done it meanwhile gets the answer of that node (IDEM-1, CLUS-1)', async () => {
  let stored: CommandReply | undefined;
  const replies = { findReply: async () => stored };
  const repeats = new Repeats({ replies, clock: new FakeClock() });
  let done: (terms: RepeatTerms) => CommandReply | undefined;
  const answer = (request: FastifyRequest): Promise<string> =>
    repeats.run<string, string>(request, {
      async execute(terms) {
        stored ??= done(terms);
        throw new GavelError('room.not-found');
      },
      describe: (reply) => reply,
    });
  const app = Fastify();
  const authenticate = async () => ({ name: 'ann', role: 'moderator' });
  judgeCalls(app, { authenticator: { authenticate }, sessions: {}, onRefused: async () => undefined } as never);
  app.setErrorHandler((error: GavelError) => ({ refused: error.code }));
  app.post('/lift', { config: { right: 'moderate' } }, async (request) => ({ answer: await answer(request) }));
  const lift = async (body: object): Promise<unknown> => {
    const headers = { 'idempotency-key': 'k', authorization: 'Bearer token' };
    return (await app.inject({ method: 'POST', url: '/lift', headers, payload: body })).json();
  };
  done = () => undefined;
  expect(await lift({})).toEqual({ refused: 'room.not-found' });
  done = (terms) => ({ ...(terms as Required<RepeatTerms>), reply: '"lifted"', doneAtMs: 0 });
  expect(await lift({})).toEqual({ answer: 'lifted' });
  expect(await lift({ reason: 'another call' })).toEqual({ refused: 'request.id-reused' });
  await app.close();
});

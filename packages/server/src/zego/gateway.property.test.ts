import type { AppId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import fc from 'fast-check';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { App, Apps } from '../apps/app.ts';
import { createIdSource } from '../base/clock.ts';
import { LocalBus } from '../bus/local-bus.ts';
import { Publisher } from '../bus/publisher.ts';
import { NO_MEDIA } from '../bus/testing.ts';
import { Rooms } from '../owner/rooms.ts';
import { Policies } from '../policy/policies.ts';
import { PolicyService } from '../policy/policy-service.ts';
import { MemoryRules } from '../policy/testing.ts';
import { login } from '../rooms/testing.ts';
import { codesOfAction } from './actions/action.ts';
import { ACTIONS } from './actions/registry.ts';
import { type Body, parseBody } from './body.ts';
import { CODES } from './codes.ts';
import { Gateway } from './gateway.ts';
import { Query } from './query.ts';
import { Replays } from './replays.ts';
import { signedPath } from './signed-path.ts';

const APP = { appId: 1 as AppId, serverSecret: 's'.repeat(32), rateLimits: {}, rejectReplays: false } as unknown as App;
const KEY = { appId: APP.appId, environment: 'production', roomId: 'room' } as never;
const ORIGIN = { channel: 'server', requestId: 'test' } as const;

/** A gateway over a room of three users and a stream, and the faults it has logged. */
async function open() {
  const clock = new FakeClock();
  const faults: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void faults.push(line) });
  const policies = await Policies.open({ repository: new MemoryRules(), clock });
  const limits = {
    heartbeatTimeoutMs: 100_000,
    keptEvents: 10,
    maxLoginsPerSecond: 200,
    maxStreamsPerMember: 20,
    maxStreamsPerApp: 0,
  };
  const rooms = new Rooms({ clock, ids: createIdSource(clock), policy: policies, ...limits }, { first: [], after: [] });
  const bus = new LocalBus({ rooms, media: NO_MEDIA, publisher: new Publisher() });
  const policy = new PolicyService({ policies, bus, clock, report: () => {} });
  const apps = { find: (appId: number) => (appId === 1 ? APP : undefined) } as Apps;
  for (const user of ['a', 'b', 'c']) await rooms.execute(KEY, login(user), ORIGIN);
  const nonces = { add: () => Promise.resolve(), load: () => Promise.resolve([]) };
  const replays = await Replays.open({ nonces }, clock.now());
  return { gateway: new Gateway({ apps, bus, policy, replays, clock, log }), clock, faults };
}

const NAMES = [...new Set(ACTIONS.flatMap((action) => action.parameters.map(({ name }) => name.replace('[]', ''))))];
const action = fc.constantFrom(...ACTIONS);
const name = fc.oneof(fc.constantFrom(...NAMES, ...NAMES.map((each) => `${each}[]`)), fc.string({ unit: 'binary' }));
const likely = fc.constantFrom('room', 'a', 's', 'true', '0', '1', '1-a', '');
const raw = fc.oneof(
  likely,
  fc.string({ unit: 'binary-ascii' }).map((text) => text.replace(/[&#]/g, '%')),
  fc.string().map(encodeURIComponent),
);

test('whatever is signed and sent, the answer is one of the codes of its Action and nothing fails inside (ACC-5)', async () => {
  const pairs = fc.array(fc.tuple(name.map(encodeIfText), raw), { maxLength: 8 });
  const body = fc.oneof(
    fc.constant(''),
    fc.json(),
    fc.dictionary(fc.constantFrom(...NAMES), fc.jsonValue()).map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(action, pairs, body, async (called, extra, text) => {
      const { gateway, clock, faults } = await open();
      const query = extra.map(([key, value]) => `&${key}=${value}`).join('');
      const parsed: Body = parseBody(Buffer.from(text));
      const answer = await gateway.answer(new Query(signedPath(APP, called.name, {}, clock.now()) + query), parsed);
      const allowed = [...codesOfAction(called), CODES.bodyUnreadable].map(({ code }) => code);
      expect(allowed).toContain(answer.Code);
      expect(faults).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('whatever is sent without a signature changes nothing and is refused with a public code (ACC-2, ACC-5)', async () => {
  const { gateway, faults } = await open();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(raw, raw), { maxLength: 8 }), action, async (pairs, called) => {
      const query = pairs.map(([key, value]) => `&${key}=${value}`).join('');
      const { Code } = await gateway.answer(new Query(`/?Action=${called.name}&AppId=1&SignatureVersion=2.0${query}`), {
        kind: 'none',
      });
      expect(Code).toBeGreaterThan(CODES.internal.code - 15);
      expect(faults).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

function encodeIfText(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ff';
}

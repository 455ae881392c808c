import { FakeClock } from '@gavel/testkit/fake-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_LINK } from '../../../packages/server/src/cluster/node-link.ts';
import { ClusterPeers } from '../../../packages/server/src/cluster/peers.ts';
import { TokenRateLimit } from '../../../packages/server/src/realtimekit/rate-limit.ts';
import { ACCOUNT, APP, type Harness, LIMITED_TOKEN, NOBODY, OTHER_TOKEN, startHarness, TOKEN } from './harness.ts';

let harness: Harness;
const below = `/accounts/${ACCOUNT}/realtime/kit/${APP}/meetings`;

beforeEach(async () => {
  harness = await startHarness({ realtimekit: { rateLimit: { requests: 3, windowSeconds: 300 } } });
});
afterEach(() => harness.stop());

const call = async (token = TOKEN, path = below) => {
  const { status, headers, body } = await harness.request('GET', path, { authorization: `Bearer ${token}` });
  const shown = ['ratelimit', 'ratelimit-policy', 'retry-after'].map((name) => headers.get(name));
  return { status, body, shown };
};
const policy = '"default";q=3;w=300';

describe('the rate limit of a token', () => {
  it('counts down in the headers of every answer, refusals included (RTK-13)', async () => {
    expect(await call()).toMatchObject({ status: 200, shown: ['"default";r=2;t=300', policy, null] });
    harness.clock.advance(100_500);
    expect(await call(TOKEN, `${below}/${NOBODY}`)).toMatchObject({
      status: 404,
      shown: ['"default";r=1;t=200', policy, null],
    });
    expect(await call(TOKEN, `/accounts/${ACCOUNT}/realtime/kit/nothing/there/is`)).toMatchObject({
      status: 404,
      shown: ['"default";r=0;t=200', policy, null],
    });
  });

  it('is 429 for the rest of the window, and whole again after it (RTK-13)', async () => {
    for (let index = 0; index < 3; index += 1) expect((await call()).status).toBe(200);
    harness.clock.advance(10_000);
    const message = 'Too many requests; try again in 290 s';
    expect(await call()).toEqual({
      status: 429,
      body: { success: false, error: { code: 429, message } },
      shown: ['"default";r=0;t=290', policy, '290'],
    });
    harness.clock.advance(289_999);
    expect((await call()).shown[2]).toBe('1');
    harness.clock.advance(1);
    expect(await call()).toMatchObject({ status: 200, shown: ['"default";r=2;t=300', policy, null] });
  });

  it("does nothing of a refused call, and is no other token's (RTK-13)", async () => {
    for (let index = 0; index < 3; index += 1) await call();
    expect((await harness.json('POST', `/${APP}/meetings`, { title: 'x' })).status).toBe(429);
    expect((await call(LIMITED_TOKEN)).body).toMatchObject({ success: true, data: [] });
    expect((await call(OTHER_TOKEN)).status).toBe(403);
  });

  it('tells strangers nothing (RTK-13, RTK-1)', async () => {
    expect(await call('unknown')).toMatchObject({ status: 401, shown: [null, null, null] });
  });

  it('forgets tokens that are not used, and has the same window after the clock was set back (RTK-13, ROOM-9)', async () => {
    const clock = new FakeClock();
    const limit = new TokenRateLimit({ requests: 1, windowSeconds: 10 }, clock, new ClusterPeers(NO_LINK));
    for (let index = 0; index < 20_000; index += 1) {
      expect((await limit.count(`token ${index}`)).isAllowed).toBe(true);
      if (index % 1000 === 0) clock.advance(1000);
    }
    expect((await limit.count('token 19999')).isAllowed).toBe(false);
    clock.stepWall(-3_600_000);
    clock.advance(9999);
    expect((await limit.count('token 19999')).isAllowed).toBe(false);
    clock.advance(1);
    expect((await limit.count('token 19999')).isAllowed).toBe(true);
  });
});

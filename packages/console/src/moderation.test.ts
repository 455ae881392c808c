import { beforeEach, describe, expect, it } from 'vitest';
import { Log } from './log.ts';
import { Moderation } from './moderation.ts';

const kick = { kind: 'kick', roomId: 'r', userId: 'a' } as const;
const close = { kind: 'close', roomId: 'r' } as const;

let nowMs: number;
let requests: string[];
let expected: boolean[];
let answer: () => Response;
let moderation: Moderation;

beforeEach(() => {
  nowMs = 0;
  requests = [];
  expected = [];
  answer = () => Response.json({ Code: 0, Message: 'success', RequestId: '1' });
  let signatures = 0;
  moderation = new Moderation({
    fetch: async (url) => {
      requests.push(url);
      if (url !== '/playground/sign') return answer();
      signatures += 1;
      return Response.json({ path: `/?Action=KickoutUser&Signature=${signatures}` });
    },
    log: new Log(() => 0),
    now: () => nowMs,
    expectClose: (isExpected) => expected.push(isExpected),
  });
});

describe('Moderation', () => {
  it('begins without a reason', () => {
    expect(moderation.state.reason).toBe('');
  });

  it('sends exactly the request that it showed', async () => {
    const path = await moderation.sign(kick);
    await moderation.send(kick);
    expect(requests).toEqual(['/playground/sign', path]);
    expect(moderation.state.sent[0]).toMatchObject({ path, outcome: { answer: { code: 0, requestId: '1' } } });
  });

  it('signs anew after a request was sent, for another reason, and before a signature runs out', async () => {
    await moderation.sign(kick);
    moderation.setReason('other');
    await moderation.sign(kick);
    await moderation.sign(kick);
    nowMs = 9 * 60_000;
    await moderation.sign(kick);
    await moderation.send(kick);
    await moderation.sign(kick);
    expect(requests.filter((url) => url === '/playground/sign').length).toBe(4);
  });

  it('shows that the server does not sign', async () => {
    const refusing = new Moderation({
      fetch: async () => Response.json({ error: 'not here' }, { status: 403 }),
      log: new Log(() => 0),
      now: () => 0,
      expectClose: () => {},
    });
    await refusing.send(kick);
    expect(refusing.state).toMatchObject({ sent: [], signed: { 'kick-a': { kind: 'failed' } } });
  });

  it('shows that no answer came', async () => {
    answer = () => {
      throw new TypeError('Failed to fetch');
    };
    await moderation.send(close);
    expect(moderation.state.sent[0]?.outcome).toEqual({ kind: 'failed', text: 'Failed to fetch' });
    expect(expected).toEqual([true, false]);
  });

  it('expects the room to close, unless that was refused', async () => {
    await moderation.send(close);
    answer = () => Response.json({ Code: 5018, Message: 'no such room', RequestId: '2' });
    await moderation.send(close);
    expect(expected).toEqual([true, true, false]);
  });
});

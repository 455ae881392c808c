import { compareEpochs, type Epoch } from '@gavel/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochOfSessionId, sessionIdOf } from './session-id.ts';

const epochs = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => String(value) as Epoch);
const UUID_V8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('a session id', () => {
  it('is a UUID of version 8, and gives its epoch back (ROOM-3)', () => {
    fc.assert(
      fc.property(epochs, fc.uuid(), (epoch, meetingId) => {
        const id = sessionIdOf(epoch, meetingId);
        expect(id).toMatch(UUID_V8);
        expect(epochOfSessionId(id)).toBe(epoch);
      }),
    );
  });

  it('sorts as its epoch does', () => {
    fc.assert(
      fc.property(epochs, epochs, fc.uuid(), (one, two, meetingId) => {
        const [first, second] = compareEpochs(one, two) < 0 ? [one, two] : [two, one];
        expect(sessionIdOf(first, meetingId) <= sessionIdOf(second, meetingId)).toBe(true);
      }),
    );
  });

  it('differs between meetings of one epoch', () => {
    expect(sessionIdOf('7' as Epoch, 'a')).not.toBe(sessionIdOf('7' as Epoch, 'b'));
  });

  it('that was not made here has no epoch', () => {
    for (const text of ['', 'nonsense', '813432c7-3c5a-45e2-9acf-eef7061c7584', `${sessionIdOf('1' as Epoch, 'a')}0`]) {
      expect(epochOfSessionId(text)).toBeUndefined();
    }
  });
});

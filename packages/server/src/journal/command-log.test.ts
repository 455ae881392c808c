import { type AppId, GavelError, type RoomId, type UserId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Ban } from '../policy/rule.ts';
import type { Origin } from '../rooms/commands.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { CommandLog, REPLIES_KEPT_MS } from './command-log.ts';
import { TableJournal } from './journal.ts';

const SCOPE = { appId: 1001 as AppId, environment: 'production', roomId: 'hall' as RoomId } as const;
const BACKEND: Origin = { channel: 'backend', door: 'zego', requestId: 'r1', actor: 'app:1001' };
const KICK = { type: 'kick', targets: [{ label: 'anna', userIds: ['anna'] }], require: 'any', reason: 'spam' };
const REPLY = { members: [{ memberId: 'm1' }] };

let store: Store;
let clock: FakeClock;
let commands: CommandLog;
beforeEach(async () => {
  store = await openSqliteStore(':memory:');
  clock = new FakeClock();
  commands = openLog();
});
afterEach(() => store.close());

function openLog(): CommandLog {
  const log = { error: vi.fn() };
  const journal = new TableJournal({ repository: store.journal, log });
  return new CommandLog({ journal, repository: store.journal, clock, log });
}
const auditRows = async () => (await store.audit.list({}, 10)).rows.toReversed();

describe('an audit row', () => {
  it('says who did what to whom, where, why, and with what result (AUDIT-1)', async () => {
    const reply = await commands.run({ scope: SCOPE, command: KICK, origin: BACKEND }, async () => REPLY);
    expect(reply).toBe(REPLY);
    expect(await auditRows()).toMatchObject([
      {
        ...SCOPE,
        atMs: clock.now(),
        door: 'zego',
        actor: 'app:1001',
        role: 'backend',
        requestId: 'r1',
        action: 'kick',
        reason: 'spam',
        targets: ['user/anna'],
        details: { require: 'any' },
        outcome: 'done',
      },
    ]);
  });

  it('names whom and what rules are about (AUDIT-1, BAN-9)', async () => {
    const { roomId: _roomId, ...scope } = SCOPE;
    const ban = { kind: 'ban', subject: { userId: 'anna', addresses: '10.0.0.0/8' }, reason: 'spam' };
    const rules = [ban, { kind: 'forbidden-stream', streamId: 's1', reason: '' }];
    await commands.run({ scope, command: { type: 'setRules', rules } as never, origin: BACKEND }, async () => REPLY);
    const targets = ['user/anna', 'address/10.0.0.0/8', 'stream/s1'];
    expect(await auditRows()).toMatchObject([{ action: 'setRules', targets, details: { rules } }]);
  });

  it('is stored for a refused call too, and the caller gets the refusal (AUDIT-1)', async () => {
    const refuse = async () => {
      throw new GavelError('member.not-allowed');
    };
    const origin: Origin = { channel: 'signalling', requestId: 'r2', actor: 'ben', by: 'm2' as never };
    const call = { scope: SCOPE, command: { ...KICK, by: 'm2' }, origin };
    await expect(commands.run(call, refuse)).rejects.toMatchObject({ code: 'member.not-allowed' });
    const crash = async () => {
      throw new TypeError('x is undefined');
    };
    await expect(commands.run(call, crash)).rejects.toThrow('x is undefined');
    expect(await auditRows()).toMatchObject([
      { actor: 'ben', role: 'member', outcome: 'refused', errorCode: 'member.not-allowed' },
      { outcome: 'failed', errorCode: 'server.internal' },
    ]);
  });

  it('is stored before the answer (AUDIT-1)', async () => {
    const failing = vi.spyOn(store.journal, 'apply').mockRejectedValue(new Error('disk full'));
    const call = { scope: SCOPE, command: KICK, origin: BACKEND };
    await expect(commands.run(call, async () => REPLY)).rejects.toMatchObject({ code: 'server.internal' });
    failing.mockRestore();
  });

  it('is not written for what users do for themselves, nor for what the server does (AUDIT-1)', () => {
    const user: Origin = { channel: 'signalling', requestId: 'r', actor: 'anna' };
    for (const type of ['login', 'touch', 'send', 'rename', 'updateStream']) {
      expect(commands.concerns({ type }, user)).toBe(false);
    }
    expect(commands.concerns(KICK, user)).toBe(true);
    expect(commands.concerns(KICK, { channel: 'server', requestId: 'heartbeat' })).toBe(false);
  });

  it('is stored with the events of its command, and once (BUS-6)', async () => {
    await commands.run({ scope: SCOPE, command: KICK, origin: BACKEND }, async (callId) => {
      const rows = commands.rowsOf({ callId, reply: REPLY });
      expect(rows?.audit).toHaveLength(1);
      commands.attachStored(callId, store.journal.apply([{ term: 1, ...rows, callbacks: [] }]));
      expect(commands.rowsOf({ callId, reply: REPLY })).toBeUndefined();
      return REPLY;
    });
    expect(await auditRows()).toHaveLength(1);
  });
});

describe('the rows of a part of a command', () => {
  const rule: Ban = {
    ...{ id: 'b', appId: SCOPE.appId, environment: SCOPE.environment, version: 1, author: 'app:1001', createdAtMs: 1 },
    ...{ kind: 'ban', list: 'moderation', subject: { userId: 'anna' as UserId }, privileges: ['login'], reason: '' },
  };
  const call = { scope: SCOPE, command: KICK, origin: BACKEND, commandId: 'c1' };
  const isReplyStored = async () => (await store.journal.findReply('c1', 0)) !== undefined;

  it('are stored with its audit row, and its reply follows at the end, once each (BUS-6)', async () => {
    const apply = vi.spyOn(store.journal, 'apply');
    await commands.run(call, async (callId) => {
      await commands.append({ rules: [rule] }, { callId });
      expect(apply.mock.lastCall?.[0]).toMatchObject([{ rules: [rule], audit: [{ action: 'kick' }] }]);
      expect(await isReplyStored()).toBe(false);
      await commands.append({ rules: [rule] }, { callId });
      return REPLY;
    });
    expect([(await auditRows()).length, await isReplyStored()]).toEqual([1, true]);
    apply.mockRestore();
  });

  it('are stored with its audit row and its reply if they are all that it stores (BUS-6)', async () => {
    const apply = vi.spyOn(store.journal, 'apply');
    const reply = await commands.run(call, async (callId) => {
      await commands.append({ rules: [rule] }, { callId, reply: REPLY });
      return REPLY;
    });
    expect(reply).toBe(REPLY);
    expect(apply.mock.calls.map(([entries]) => entries)).toMatchObject([
      [{ rules: [rule], audit: [{}], replies: [{ commandId: 'c1' }] }],
    ]);
    apply.mockRestore();
  });

  it('that cannot be stored leave the row of a failed command (AUDIT-1)', async () => {
    const failing = vi.spyOn(store.journal, 'apply').mockRejectedValueOnce(new Error('disk full'));
    const work = (callId: string) => commands.append({ rules: [rule] }, { callId });
    await expect(commands.run(call, work)).rejects.toMatchObject({ code: 'server.internal' });
    expect(await auditRows()).toMatchObject([{ outcome: 'failed' }]);
    failing.mockRestore();
  });

  it('are stored alone if no call is kept', async () => {
    await commands.append({ rules: [rule] });
    expect(await store.rules.find(SCOPE, 'b')).toEqual(rule);
    expect(await auditRows()).toEqual([]);
  });
});

describe('a command with an id', () => {
  const call = { scope: SCOPE, command: KICK, origin: BACKEND, commandId: 'c1' };

  it('is done once: a repeat gets the first reply, also after a restart (BUS-2)', async () => {
    const work = vi.fn(async () => REPLY);
    expect(await commands.run(call, work)).toEqual(REPLY);
    expect(await commands.run(call, work)).toEqual(REPLY);
    expect(await openLog().run({ ...call, origin: { ...BACKEND, requestId: 'another' } }, work)).toEqual(REPLY);
    expect(work).toHaveBeenCalledTimes(1);
    expect(await auditRows()).toHaveLength(1);
  });

  it('is done once also while its reply is in the journal alone (BUS-2, BUS-7)', async () => {
    const work = vi.fn(async () => REPLY);
    await commands.run(call, work);
    vi.spyOn(store.journal, 'findReply').mockResolvedValue(undefined);
    expect(await commands.run(call, work)).toEqual(REPLY);
    expect(work).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
  });

  it('that is repeated while it runs waits for the first one (BUS-2)', async () => {
    const work = vi.fn(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return REPLY;
    });
    const replies = await Promise.all([commands.run(call, work), commands.run(call, work)]);
    expect(replies).toEqual([REPLY, REPLY]);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('takes effect at the next owner of its room too, which may not know what was done; its reply is the first one (BUS-2, CLUS-4)', async () => {
    await commands.run(call, async () => REPLY);
    const retried = { ...call, isRetried: true };
    const again = vi.fn(async () => ({ members: [] }));
    expect(await openLog().run(retried, again)).toEqual(REPLY);
    expect(again).toHaveBeenCalledTimes(1);
    // The next owner does know it.
    const refuse = async (): Promise<never> => {
      throw new GavelError('room.member-not-found');
    };
    expect(await openLog().run(retried, refuse)).toEqual(REPLY);
    expect(await auditRows()).toHaveLength(1);
  });

  it('is executed again if it was refused: nothing was done (BUS-2)', async () => {
    const refuse = async () => {
      throw new GavelError('room.not-found');
    };
    await expect(commands.run(call, refuse)).rejects.toMatchObject({ code: 'room.not-found' });
    expect(await commands.run(call, async () => REPLY)).toEqual(REPLY);
  });

  it('is refused if another command has the id (BUS-2)', async () => {
    await commands.run(call, async () => REPLY);
    const other = { ...call, command: { ...KICK, reason: 'other' } };
    const work = vi.fn(async () => REPLY);
    await expect(commands.run(other, work)).rejects.toMatchObject({ code: 'request.id-reused' });
    await expect(commands.run({ ...call, scope: { ...SCOPE, roomId: 'x' as RoomId } }, work)).rejects.toMatchObject({
      code: 'request.id-reused',
    });
    expect(work).not.toHaveBeenCalled();
  });

  it('is a new one after 24 hours (BUS-2)', async () => {
    const work = vi.fn(async () => REPLY);
    await commands.run(call, work);
    clock.advance(REPLIES_KEPT_MS + 1);
    await commands.run(call, work);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('of a connection is repeated by its client in its own way (BUS-2)', () => {
    expect(commands.concerns({ type: 'login' }, { channel: 'signalling', requestId: 'r' }, 'c')).toBe(false);
  });
});

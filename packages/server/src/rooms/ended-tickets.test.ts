import { isGavelError, type MemberId, type RoomId, type RoomKey } from '@gavel/protocol';
import { describe, expect, it } from 'vitest';
import { Rooms } from '../owner/rooms.ts';
import type { LoginCommand, RoomCommand } from './commands.ts';
import { ENDED_TICKETS_KEPT_MS, type EndedTicket, type EndedTicketKeeper, EndedTickets } from './ended-tickets.ts';
import { claim, KEY, kick, login, ORIGIN, resume, testSettings } from './testing.ts';
import type { Session } from './views.ts';

class MemoryKeeper implements EndedTicketKeeper {
  readonly rows = new Map<string, EndedTicket>();
  /** Thrown by the next write. */
  failure: Error | undefined;
  async issuer(): Promise<string> {
    return 't1';
  }
  async put(rows: readonly EndedTicket[]): Promise<void> {
    const failure = this.failure;
    this.failure = undefined;
    if (failure) throw failure;
    for (const row of rows) this.rows.set(row.scope, row);
  }
  async find(scopes: readonly string[]): Promise<readonly EndedTicket[]> {
    return scopes.flatMap((scope) => this.rows.get(scope) ?? []);
  }
  async deleteBefore(timeMs: number, limit: number): Promise<number> {
    const old = [...this.rows.values()].filter(({ endedAtMs }) => endedAtMs < timeMs).slice(0, limit);
    for (const { scope } of old) this.rows.delete(scope);
    return old.length;
  }
}

/** Rooms that can be restarted: everything is gone but the time, the ids and what was kept. */
function openWorld() {
  const keeper = new MemoryKeeper();
  const settings = testSettings();
  const reports: unknown[] = [];
  const open = () => {
    const tickets = new EndedTickets({ issuer: 't1', keeper, report: (error) => reports.push(error) });
    return new Rooms({ ...settings, tickets }, { first: [], after: [] });
  };
  const world = {
    keeper,
    clock: settings.clock,
    reports,
    rooms: open(),
    restart: () => {
      world.rooms = open();
    },
    run: <C extends RoomCommand>(command: C, key: RoomKey = KEY) => world.rooms.execute(key, command, ORIGIN),
    join: async (userId: string, more: Partial<LoginCommand> = {}, key: RoomKey = KEY): Promise<Session> => {
      const { session } = await world.rooms.execute(key, login(userId, more), ORIGIN);
      if (!session) throw new Error('no session');
      return session;
    },
    /** The connection drops, and the member is out after the heartbeat time. */
    lose: async ({ member }: Session, connectionId = `connection-of-${member.user.id}`) => {
      await world.run({ type: 'detach', memberId: member.memberId, connectionId });
    },
    wait: async (ms: number) => {
      settings.clock.advance(ms);
      await world.rooms.sweep();
    },
    /** How the resume of a ticket is answered: `in`, or the cause that its refusal names. */
    back: async (session: Session, changes: Parameters<typeof resume>[1] = {}, key: RoomKey = KEY) =>
      world.rooms.execute(key, resume(session, changes), ORIGIN).then(
        () => 'in',
        (error: unknown) => (isGavelError(error, 'resume.refused') ? (error.details?.cause ?? 'unknown') : error),
      ),
  };
  return world;
}

const CLOSE = { type: 'close', reason: 'over', announce: true } as const;
const other: RoomKey = { ...KEY, roomId: 'other' as RoomId };

describe('a client that was offline when it was taken out learns the cause (KICK-12)', () => {
  const ways: Record<string, RoomCommand> = { kicked: kick('ann'), 'room-closed': CLOSE };
  for (const [cause, command] of Object.entries(ways)) {
    for (const restarts of [false, true]) {
      it(`${cause}: after 140 s${restarts ? ' and a restart of the server' : ''}`, async () => {
        const world = openWorld();
        const [ann] = [await world.join('ann'), await world.join('ben')];
        await world.lose(ann);
        await world.run(command);
        if (restarts) world.restart();
        await world.wait(140_000);
        expect(await world.back(ann)).toBe(cause);
      });

      it(`${cause} after its member was given up at 100 s${restarts ? ', and a restart' : ''}`, async () => {
        const world = openWorld();
        const ann = await world.join('ann');
        await world.lose(ann);
        await world.wait(100_000);
        await world.join('ben');
        await world.run({ type: 'kick', targets: [...kick('ben', 'ann').targets], require: 'any', reason: '' });
        await world.join('cem');
        if (cause === 'room-closed') await world.run(CLOSE);
        if (restarts) world.restart();
        await world.wait(40_000);
        expect(await world.back(ann)).toBe('kicked');
        expect(await world.back(ann, { userId: 'dan' as never })).toBe(
          cause === 'room-closed' ? cause : 'connection-lost',
        );
      });
    }
  }

  it('a host’s kick of one connection leaves the user’s lost connections alone (HOST-2)', async () => {
    const world = openWorld();
    const laptop = await world.join('ann', { onDuplicate: 'allow' });
    await world.lose(laptop);
    await world.wait(100_000);
    const phone = await world.join('ann', { onDuplicate: 'allow', clientId: 'phone', connectionId: 'phone' });
    const permissions = { publishAudio: true, publishVideo: true, moderation: { kick: true } };
    const { member: host } = await world.join('host', { permissions });
    const targets = [{ label: 'phone', userIds: [], memberIds: [phone.member.memberId] }];
    await world.run({ type: 'kick', by: host.memberId, targets, require: 'any', reason: '' });
    world.restart();
    expect(await world.back(phone, { isReplaceable: false })).toBe('kicked');
    expect(await world.back(laptop, { isReplaceable: false })).toBe('connection-lost');
  });

  it('replaced: the laptop stays out after 132 s, and after a restart', async () => {
    const world = openWorld();
    const laptop = await world.join('ann', { clientId: 'laptop' });
    await world.lose(laptop);
    await world.join('ann', { clientId: 'phone' }, other);
    await world.wait(132_000);
    expect(await world.back(laptop)).toBe('replaced');
    world.restart();
    expect(await world.back(laptop)).toBe('replaced');
  });

  it('the laptop, given up after 100 s, does not throw out the phone that logged in since', async () => {
    const world = openWorld();
    const laptop = await world.join('ann', { clientId: 'laptop' });
    await world.lose(laptop);
    await world.wait(110_000);
    await world.join('ann', { clientId: 'phone' }, other);
    await world.wait(22_000);
    expect(await world.back(laptop)).toBe('replaced');
    // Where one login does not replace the other, it is no reason to stay out.
    expect(await world.back(laptop, { isReplaceable: false })).toBe('connection-lost');
  });

  it('token expired and logged out: refused for good', async () => {
    const world = openWorld();
    const [ann, ben] = [await world.join('ann'), await world.join('ben')];
    await world.run({ type: 'expireToken', memberId: ann.member.memberId });
    await world.run({ type: 'logout', memberId: ben.member.memberId });
    await world.rooms.sweep();
    expect([await world.back(ann), await world.back(ben)]).toEqual(['token-expired', 'logout']);
  });
});

describe('a client that was only lost may log in again (ROOM-4)', () => {
  it('after the heartbeat time, and after a restart', async () => {
    const world = openWorld();
    const [ann, ben] = [await world.join('ann'), await world.join('ben')];
    await world.lose(ann);
    await world.wait(140_000);
    expect(await world.back(ann)).toBe('connection-lost');
    world.restart();
    expect(await world.back(ben)).toBe('connection-lost');
  });

  it('a ticket that another store issued gets no cause (KICK-12)', async () => {
    const world = openWorld();
    const ann = await world.join('ann');
    world.restart();
    expect(await world.back(ann, { issuer: 'another' })).toBe('unknown');
  });

  it('a login after the kick is not ended by it (KICK-10)', async () => {
    const world = openWorld();
    await world.join('ben');
    const first = await world.join('ann');
    await world.run(kick('ann'));
    const second = await world.join('ann');
    expect(await world.back(first)).toBe('kicked');
    expect(await world.back(second)).toBe('in');
    world.restart();
    expect(await world.back(second)).toBe('connection-lost');
  });
});

describe('a login whose answer was lost', () => {
  const attempt = (isRetry: boolean) => ({ attempt: { id: 'try-1', isRetry } });
  const retry = (world: ReturnType<typeof openWorld>) =>
    world.run(login('ann', attempt(true))).then(
      ({ session }) => (session ? 'in' : 'waits'),
      (error: unknown) => (isGavelError(error) ? (error.details?.cause ?? error.code) : error),
    );

  for (const [cause, command] of Object.entries({ kicked: kick('ann'), 'room-closed': CLOSE })) {
    it(`is not sent again with success when its member was taken out meanwhile: ${cause} (KICK-12)`, async () => {
      const world = openWorld();
      await world.join('ann', attempt(false));
      await world.join('ben');
      await world.run(command);
      expect(await retry(world)).toBe(cause);
      world.restart();
      expect(await retry(world)).toBe(cause);
      // A login of the user's own will is a new attempt.
      await world.join('ann', { attempt: { id: 'try-2', isRetry: false } });
    });
  }

  it('replaces its own member, again and again, and is not taken for replaced (KICK-12)', async () => {
    const world = openWorld();
    await world.join('ann', attempt(false));
    expect(await retry(world)).toBe('in');
    expect(await retry(world)).toBe('in');
    expect(world.rooms.answer(KEY, { type: 'summary' }).room?.memberCount).toBe(1);
  });

  it('is refused as rejected when a host turned its wait away', async () => {
    const world = openWorld();
    const waits = { until: 'accepted', rememberedForMs: 60_000 } as const;
    const { waiting } = await world.run(login('ann', { waits, ...attempt(false) }));
    await world.join('host');
    await world.run({ type: 'answerWaiting', memberIds: [waiting?.memberId as MemberId], isAccepted: false });
    expect(await retry(world)).toBe('login.rejected');
  });
});

describe('a client that waited to be let in', () => {
  const waits = { until: 'accepted', rememberedForMs: 60_000 } as const;
  const ask = async (world: ReturnType<typeof openWorld>) => {
    const { waiting, position } = await world.run(login('ann', { waits }));
    if (!waiting) throw new Error('does not wait');
    const about = { claim: claim('ann', { position }), after: position };
    const { memberId } = waiting;
    return () =>
      world
        .run({ type: 'resume', memberId, ticket: '', connectionId: 'c', address: '', ...about })
        .catch((error: unknown) => (isGavelError(error) ? (error.details?.cause ?? error.code) : error));
  };

  it('and was kicked does not ask again by itself, also after a restart (KICK-12, WAIT-9)', async () => {
    const world = openWorld();
    const back = await ask(world);
    await world.run(kick('ann'));
    expect(await back()).toBe('kicked');
    world.restart();
    expect(await back()).toBe('kicked');
  });

  it('and whose room was closed does not, whether somebody was in or not (KICK-12, WAIT-9)', async () => {
    for (const isHostIn of [true, false]) {
      const world = openWorld();
      if (isHostIn) await world.join('host');
      const back = await ask(world);
      await world.run(CLOSE);
      world.restart();
      expect(await back()).toBe('room-closed');
    }
  });

  it('and lost its connection asks again', async () => {
    const world = openWorld();
    const back = await ask(world);
    expect(await back()).toBe('connection-lost');
  });
});

describe('keeping', () => {
  it('a kick is answered when it outlives the process, and fails where that cannot be written', async () => {
    const world = openWorld();
    const [ann] = [await world.join('ann'), await world.join('ben')];
    world.keeper.failure = new Error('disk full');
    await expect(world.run(kick('ann'))).rejects.toMatchObject({ code: 'server.internal' });
    expect(world.reports).toEqual([new Error('disk full')]);
    // It holds all the same, as long as this process lives.
    expect(await world.back(ann)).toBe('kicked');
    await world.run(kick('ben'));
    expect(world.keeper.rows.size).toBe(1);
  });

  it('a close of many is one row, a kick of an API one for each user', async () => {
    const world = openWorld();
    for (let i = 0; i < 50; i += 1) await world.join(`user-${i}`);
    await world.run(kick('user-1', 'user-2'));
    expect(world.keeper.rows.size).toBe(2);
    await world.run(CLOSE);
    expect(world.keeper.rows.size).toBe(3);
  });

  it('rows are deleted after a day, 500 at a time, and held for that long', async () => {
    const world = openWorld();
    for (let i = 0; i < 501; i += 1) {
      const scope = `user/x/${i}`;
      world.keeper.rows.set(scope, { scope, cause: 'kicked', reason: '', endedAtMs: world.clock.now() });
    }
    await world.wait(ENDED_TICKETS_KEPT_MS);
    expect(world.keeper.rows.size).toBe(501);
    await world.wait(60_000);
    expect(world.keeper.rows.size).toBe(1);
    await world.wait(1_000);
    expect(world.keeper.rows.size).toBe(0);
  });
});

/**
 * Polls under random actions: the state that a client builds from its events is exactly what it may see.
 */

import { isGavelError, type MemberId, type PollId, type RoomEventFrame, type UserId } from '@gavel/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RoomView } from '../../../packages/client/src/core/room-view.ts';
import type { RoomCommand } from '../../../packages/server/src/rooms/commands.ts';
import { eventsOf, type RoomEvent } from '../../../packages/server/src/rooms/events.ts';
import { openRoom } from '../../../packages/server/src/rooms/testing.ts';
import { frameFor, wireSnapshot } from '../../../packages/server/src/signalling/frames.ts';

type Step =
  | { readonly do: 'create'; readonly by: number | undefined; readonly anonymous: boolean; readonly hideVotes: boolean }
  | { readonly do: 'vote'; readonly user: number; readonly poll: number; readonly option: number }
  | { readonly do: 'letView'; readonly user: number; readonly isAllowed: boolean }
  | { readonly do: 'lose' | 'comeBack'; readonly client: number };

const user = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      by: fc.option(user, { nil: undefined }),
      anonymous: fc.boolean(),
      hideVotes: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('vote' as const), user, poll: fc.nat(3), option: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('letView' as const), user, isAllowed: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('lose', 'comeBack'), client: fc.nat(3) }) },
);

const OPTIONS = ['a', 'b', 'c'];
const idOf = (index: number) => `user-${index}` as UserId;

/** A poll in the test's model. */
interface ModelPoll {
  readonly pollId: PollId;
  readonly creator: UserId | undefined;
  readonly anonymous: boolean;
  readonly hideVotes: boolean;
  /** In the order of voting. */
  readonly votes: Map<UserId, number>;
}

/** One connection, with the state of its client. */
interface Client {
  readonly memberId: MemberId;
  readonly userId: UserId;
  readonly view: RoomView;
  isLost: boolean;
}

class World {
  readonly #opened = openRoom();
  readonly #polls: ModelPoll[] = [];
  readonly #mayView = new Map<UserId, boolean>();
  readonly clients: readonly Client[];

  /** The last user has two connections. */
  constructor() {
    const polls = { create: true, vote: true, view: true };
    const permissions = { publishAudio: true, publishVideo: true, polls };
    const entered = [0, 1, 2, 2].map((index) => {
      this.#mayView.set(idOf(index), true);
      return { userId: idOf(index), memberId: this.#opened.join(idOf(index), { permissions, onDuplicate: 'allow' }) };
    });
    this.clients = entered.map(({ userId, memberId }) => {
      const view = new RoomView(memberId, wireSnapshot(this.#opened.room.snapshot(), this.#memberOf(memberId)));
      return { userId, memberId, view, isLost: false };
    });
  }

  play(one: Step): void {
    switch (one.do) {
      case 'create':
        return this.#create(one);
      case 'vote':
        return this.#vote(one);
      case 'letView': {
        const targets = [{ label: '', userIds: [idOf(one.user)] }];
        this.#mayView.set(idOf(one.user), one.isAllowed);
        this.#apply({ type: 'setPermissions', targets, changes: { polls: { view: one.isAllowed } } });
        return;
      }
      case 'lose':
      case 'comeBack': {
        const client = this.clients[one.client] as Client;
        client.isLost = one.do === 'lose';
        if (!client.isLost) this.catchUp(client);
      }
    }
  }

  /** Sends a client the events that it missed, as a resume does. */
  catchUp(client: Client): void {
    client.isLost = false;
    const { room } = this.#opened;
    this.#tell(client, room.eventsAfter({ epoch: room.epoch, seq: client.view.seq }) ?? []);
  }

  /** What a user may see of every poll, by the rules. */
  seenBy(userId: UserId): unknown[] {
    if (!this.#mayView.get(userId)) return [];
    return this.#polls.map(({ pollId, creator, anonymous, hideVotes, votes }) => {
      const isShown = !hideVotes || creator === userId || votes.has(userId);
      const options = OPTIONS.map((text, option) => {
        const voters = [...votes].flatMap(([id, chosen]) => (chosen === option ? [{ id, name: id }] : []));
        return isShown ? { text, count: voters.length, ...(!anonymous && { votes: voters }) } : { text };
      });
      const maker = creator && { creator: { id: creator, name: creator } };
      const hasVoted = votes.has(userId);
      const fixed = { question: 'q', anonymous, hideVotes, createdAtMs: this.#opened.clock.now() };
      return { pollId, options, ...maker, ...fixed, hasVoted };
    });
  }

  #create({ by, anonymous, hideVotes }: Extract<Step, { do: 'create' }>): void {
    const client = this.clients[by ?? -1];
    const poll = { type: 'createPoll', question: 'q', options: OPTIONS, anonymous, hideVotes } as const;
    const events = this.#apply({ ...poll, ...(client && { by: client.memberId }) });
    const [made] = eventsOf(events, 'pollUpdated');
    if (!made) throw new Error('no poll was made');
    const { pollId } = made.poll;
    this.#polls.push({ pollId, creator: client?.userId, anonymous, hideVotes, votes: new Map() });
  }

  #vote({ user: index, poll: chosen, option }: Extract<Step, { do: 'vote' }>): void {
    const { memberId, userId } = this.clients[index] as Client;
    const poll = this.#polls[chosen];
    if (!poll) return;
    const isRefused = !this.#mayView.get(userId) || (poll.votes.get(userId) ?? option) !== option;
    try {
      this.#apply({ type: 'vote', memberId, pollId: poll.pollId, option });
      expect(isRefused).toBe(false);
      if (!poll.votes.has(userId)) poll.votes.set(userId, option);
    } catch (error) {
      if (!isGavelError(error, 'poll.voted', 'member.not-allowed')) throw error;
      expect(isRefused).toBe(true);
    }
  }

  #apply(command: RoomCommand): readonly RoomEvent[] {
    const events = this.#opened.room.apply(command);
    for (const client of this.clients) if (!client.isLost) this.#tell(client, events);
    return events;
  }

  #tell({ memberId, view }: Client, events: readonly RoomEvent[]): void {
    const member = this.#memberOf(memberId);
    for (const event of events) {
      const frame = frameFor(event, member);
      if (frame) expect(view.apply(frame as RoomEventFrame)).not.toBe('gap');
    }
  }

  #memberOf(memberId: MemberId) {
    const member = this.#opened.room.snapshot().members.find((one) => one.memberId === memberId);
    if (!member) throw new Error('not in the room');
    return member;
  }

  /** What a client that logs in now would see. */
  atLogin({ memberId }: Client): readonly unknown[] {
    return wireSnapshot(this.#opened.room.snapshot(), this.#memberOf(memberId)).polls ?? [];
  }
}

test('a client that follows what it is told has of polls what it may see, no more and no less (POLL-1 to POLL-5)', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World();
      for (const one of steps) {
        world.play(one);
        for (const client of world.clients) {
          expect(world.atLogin(client)).toEqual(world.seenBy(client.userId));
          if (!client.isLost) expect(client.view.polls()).toEqual(world.seenBy(client.userId));
        }
      }
      for (const client of world.clients) {
        world.catchUp(client);
        expect(client.view.polls()).toEqual(world.seenBy(client.userId));
      }
    }),
    { numRuns: 300 },
  );
});

/**
 * Load in one room of a cluster: logins, announced streams, messages, kicks, bans at random nodes, and a record of what was
 * answered. The checks compare the record with what clients and the receiver of callbacks got.
 *
 * @module
 */

import type { EventFrame } from '@gavel/protocol';
import { RawClient, TEST_APP } from '@gavel/testkit';
import type { TestCluster } from './test-cluster.ts';

/** A user of the room, connected to one node. */
export interface Seat {
  readonly userId: string;
  readonly node: string;
  readonly client: RawClient;
  readonly ticket: string;
  readonly epoch: string;
  /** The close code of its connection; undefined while it is open. */
  closeCode: number | undefined;
  /** Whether a kick or a ban of it was answered, or its room's close. */
  isRemoved: boolean;
}

const REQUEST_TIMEOUT_MS = 20_000;

/** Acts in one room. */
export class RoomLoad {
  readonly roomId: string;
  readonly seats: Seat[] = [];
  /** Users whose ban was answered. */
  readonly banned: string[] = [];
  /** Numbers of answered calls, by their kind; and of those that failed. */
  readonly counts = { login: 0, stream: 0, message: 0, kick: 0, ban: 0, failed: 0 };
  readonly #cluster: TestCluster;
  readonly #random: () => number;
  /** The nodes at which calls are made now. */
  readonly #nodes: () => readonly string[];
  #isStopped = false;
  #names = 0;
  #running: Promise<void> | undefined;

  constructor(cluster: TestCluster, roomId: string, random: () => number, nodes: () => readonly string[]) {
    this.#cluster = cluster;
    this.roomId = roomId;
    this.#random = random;
    this.#nodes = nodes;
  }

  /** Logs a user in at a node. @throws Error if it is refused, or has no answer in time */
  async enter(node: string, userId = this.#nextName()): Promise<Seat> {
    const client = await within(RawClient.open(this.#cluster.urlOf(node)));
    const { ticket, epoch } = await within(
      client.login(TEST_APP.appId, this.roomId, userId, { members: true }),
      client.closed,
    );
    const seat: Seat = { userId, node, client, ticket, epoch, closeCode: undefined, isRemoved: false };
    void client.closed.then(({ code }) => {
      seat.closeCode = code;
    });
    this.seats.push(seat);
    this.counts.login += 1;
    return seat;
  }

  /** Begins to act at random, until `stop`. */
  start(): void {
    this.#running = this.#run();
  }

  /** Resolves when the last action has been answered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** The seats that are in the room, as far as calls were answered. */
  get present(): readonly Seat[] {
    return this.seats.filter(({ isRemoved, closeCode }) => !isRemoved && closeCode === undefined);
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#act().catch(() => {
        this.counts.failed += 1;
      });
      await new Promise((resolve) => setTimeout(resolve, 20 + this.#random() * 60));
    }
  }

  async #act(): Promise<void> {
    const node = this.#pick(this.#nodes());
    // The first seats stay: the checks are about them.
    const victim = this.#pick(this.present.slice(3));
    const dice = this.#random();
    if (node === undefined) return;
    if (dice < 0.35 || !victim) await this.enter(node);
    else if (dice < 0.55) await this.#say(victim);
    else if (dice < 0.75) await this.#addStream(node, victim);
    else if (dice < 0.95) await this.#kick(node, victim);
    else await this.#ban(node, victim);
  }

  async #say({ client }: Seat): Promise<void> {
    const request = client.request('send', { kind: 'broadcast', text: this.#nextName() });
    const { error } = await within(request, client.closed);
    if (error) throw new Error(error.code);
    this.counts.message += 1;
  }

  async #addStream(node: string, { userId }: Seat): Promise<void> {
    const params = { RoomId: this.roomId, UserId: userId, UserName: userId, StreamId: this.#nextName() };
    await this.#call(node, 'AddStream', params);
    this.counts.stream += 1;
  }

  async #kick(node: string, victim: Seat): Promise<void> {
    await this.#call(node, 'KickoutUser', { RoomId: this.roomId, 'UserId[]': [victim.userId] });
    victim.isRemoved = true;
    this.counts.kick += 1;
  }

  async #ban(node: string, victim: Seat): Promise<void> {
    const path = `/bans/${TEST_APP.appId}/production`;
    const body = { userId: victim.userId, reason: 'test', removesPresent: true };
    const { status } = await this.#cluster.admin(node, 'POST', path, body);
    if (status >= 300) throw new Error(`the ban was answered with ${status}`);
    this.banned.push(victim.userId);
    this.counts.ban += 1;
  }

  async #call(node: string, action: string, params: Readonly<Record<string, string | string[]>>): Promise<void> {
    const { Code } = await this.#cluster.call(node, action, params);
    if (Code !== 0) throw new Error(`${action}: ${Code}`);
  }

  #pick<T>(among: readonly T[]): T | undefined {
    return among[Math.floor(this.#random() * among.length)];
  }

  #nextName(): string {
    this.#names += 1;
    return `${this.roomId}-${this.#names}`;
  }
}

/** The events of one room that clients got, by epoch and number. */
export function contradictions(seats: readonly Seat[]): readonly string[] {
  const known = new Map<string, string>();
  const found: string[] = [];
  for (const { epoch, client, userId } of seats) {
    for (const event of client.events) {
      const seq = (event as { readonly seq?: number }).seq;
      if (seq === undefined) continue;
      const place = `${epoch} ${seq}`;
      const text = contentOf(event);
      const other = known.get(place);
      if (other === undefined) known.set(place, text);
      else if (other !== text) found.push(`${userId} got at ${place}: ${text}; another client: ${other}`);
    }
  }
  return found;
}

/** What is the same for every client that gets an event. */
function contentOf(event: EventFrame): string {
  const facts = event as unknown as {
    readonly member?: { readonly memberId: string };
    readonly stream?: { readonly publishId: string };
    readonly text?: string;
  };
  return [event.event, facts.member?.memberId, facts.stream?.publishId, facts.text].join(' ');
}

/** Rejects if there is no answer in time, or the connection has ended. */
async function within<T>(answer: Promise<T>, ended?: Promise<unknown>): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), REQUEST_TIMEOUT_MS);
    cancel = () => clearTimeout(timer);
    void ended?.then(() => reject(new Error('the connection has ended')));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    cancel();
  }
}

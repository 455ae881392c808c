/**
 * Meetings with participants in real browsers, one page each.
 *
 * @module
 */

import { startTestServer, type TestServer, type TestServerOptions } from '@gavel/testkit';
import type { Page } from 'playwright-core';
import { openStage, type Stage, until } from './harness.ts';
import { Meetings } from './meetings.ts';

/** A participant of a meeting. */
export interface Person {
  readonly page: Page;
  readonly name: string;
  /** The participant's id. */
  readonly id: string;
}

/** How a participant reaches the server, and how long it tries to come back. */
export interface JoinOptions {
  readonly baseUrl?: string;
  readonly retryWindowMs?: number;
}

/** A server, a browser, and its meetings. */
export class Hall extends Meetings {
  readonly stage: Stage;
  /** The pages of all participants, to be closed after each test. */
  readonly pages: Page[] = [];

  private constructor(stage: Stage, gavel: TestServer) {
    super(gavel);
    this.stage = stage;
  }

  static async open(options: TestServerOptions = {}): Promise<Hall> {
    return new Hall(await openStage(), await startTestServer({ ...options, media: 'real' }));
  }

  /** A meeting whose members hear each other: the first is a host, the others are participants. */
  async meet(...names: string[]) {
    const meetingId = await this.create();
    // Pages open at the same time; their users join one after another.
    const people = await Promise.all(
      names.map((name, index) =>
        this.#prepare(meetingId, name, index === 0 ? 'group_call_host' : 'group_call_participant'),
      ),
    );
    for (const { page } of people) await page.evaluate(() => e2e.realtimekit().client.join());
    for (const { page } of people) {
      await until(() => hasOthers(page, names.length - 1), 'everybody');
      if (names.length > 1) await until(async () => (await totals(page)).audioPacketsReceived >= 10, 'sound');
    }
    return { ids: this.ids, meetingId, people: people as [Person, Person, ...Person[]] };
  }

  /** Adds one participant and joins it, through another address of the server if one is given. */
  async join(meetingId: string, name: string, preset: string, options: JoinOptions = {}): Promise<Person> {
    const person = await this.#prepare(meetingId, name, preset, options);
    await person.page.evaluate(() => e2e.realtimekit().client.join());
    return person;
  }

  /** Adds one participant and opens its page, which can join. */
  async #prepare(
    meetingId: string,
    name: string,
    preset: string,
    { baseUrl = this.gavel.baseUrl, retryWindowMs }: JoinOptions = {},
  ): Promise<Person> {
    const { id, token } = await this.add(meetingId, name, preset);
    const page = await this.stage.open();
    this.pages.push(page);
    await page.evaluate(
      async ([token, baseUrl, retryWindowMs]) => {
        e2e.users.realtimekit = await e2e.RealtimeKitUser.init(token, baseUrl, retryWindowMs);
      },
      [token, baseUrl, retryWindowMs] as const,
    );
    return { page, name, id };
  }

  /** All participants leave, and their pages close. */
  async clear(): Promise<void> {
    await Promise.all(
      this.pages.splice(0).map(async (page) => {
        await page.evaluate(() => e2e.users.realtimekit?.client.leave());
        await page.context().close();
      }),
    );
  }

  async close(): Promise<void> {
    await this.stage.close();
    await this.gavel.close();
  }
}

export const hasOthers = (page: Page, count: number) =>
  page.evaluate((count) => e2e.realtimekit().client.participants.count === count, count);

export const totals = (page: Page) => page.evaluate(() => e2e.mediaTotals());

/** The events that the client has raised so far, as `[event, ...args]`. */
export const recorded = async (page: Page) =>
  (await page.evaluate(() => [...e2e.realtimekit().recorded])).map(({ event, args }) => [event, ...args]);

/** Waits until the client has raised an event. */
export const sees = (page: Page, ...wanted: unknown[]) =>
  until(
    async () => (await recorded(page)).some((each) => JSON.stringify(each) === JSON.stringify(wanted)),
    JSON.stringify(wanted),
  );

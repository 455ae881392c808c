/**
 * Meetings with participants in real browsers, one page each.
 *
 * @module
 */

import { startTestServer, TEST_API_TOKEN, type TestServer, type TestServerOptions } from '@gavel/testkit';
import Cloudflare from 'cloudflare';
import type { Page } from 'playwright-core';
import { openStage, type Stage, until } from './harness.ts';

/** A participant of a meeting. */
export interface Person {
  readonly page: Page;
  readonly name: string;
  /** The participant's id. */
  readonly id: string;
}

interface PresetParts {
  readonly config: object;
  readonly permissions: object;
  readonly ui: object;
}

/** A server, a browser, and its meetings. */
export class Hall {
  readonly stage: Stage;
  readonly gavel: TestServer;
  readonly api: Cloudflare;
  /** The pages of all participants, to be closed after each test. */
  readonly pages: Page[] = [];

  private constructor(stage: Stage, gavel: TestServer) {
    this.stage = stage;
    this.gavel = gavel;
    this.api = new Cloudflare({ apiToken: TEST_API_TOKEN, baseURL: `${gavel.baseUrl}/client/v4`, maxRetries: 0 });
  }

  static async open(options: TestServerOptions = {}): Promise<Hall> {
    return new Hall(await openStage(), await startTestServer({ ...options, media: 'real' }));
  }

  get #account() {
    return { account_id: this.gavel.app.accountId };
  }

  /** The parameters of every call about the App. */
  get ids() {
    return { ...this.#account, app_id: this.gavel.app.rtkAppId };
  }

  /** A meeting whose members hear each other: the first is a host, the others are participants. */
  async meet(...names: string[]) {
    const body = { ...this.#account, title: 'Stand-up' };
    const meeting = (await this.api.realtimeKit.meetings.create(this.gavel.app.rtkAppId, body)).data;
    const meetingId = meeting?.id ?? '';
    const people: Person[] = [];
    for (const [index, name] of names.entries()) {
      people.push(await this.join(meetingId, name, index === 0 ? 'group_call_host' : 'group_call_participant'));
    }
    for (const { page } of people) {
      await until(() => hasOthers(page, names.length - 1), 'everybody');
      if (names.length > 1) await until(async () => (await totals(page)).audioPacketsReceived >= 10, 'sound');
    }
    return { ids: this.ids, meetingId, people: people as [Person, Person, ...Person[]] };
  }

  /** Adds one participant and joins it, through another address of the server if one is given. */
  async join(
    meetingId: string,
    name: string,
    preset_name: string,
    { baseUrl = this.gavel.baseUrl, retryWindowMs }: { baseUrl?: string; retryWindowMs?: number } = {},
  ): Promise<Person> {
    const body = { ...this.ids, name, preset_name, custom_participant_id: `user-${name}` };
    const added = (await this.api.realtimeKit.meetings.addParticipant(meetingId, body)).data;
    const page = await this.stage.open();
    this.pages.push(page);
    await page.evaluate(
      async ([token, baseUrl, retryWindowMs]) => {
        const user = await e2e.RealtimeKitUser.init(token, baseUrl, retryWindowMs);
        e2e.users.realtimekit = user;
        await user.client.join();
      },
      [added?.token ?? '', baseUrl, retryWindowMs] as const,
    );
    return { page, name, id: added?.id ?? '' };
  }

  /** Creates a preset like the default participant preset, with some permissions changed; returns its name. */
  async newPreset(name: string, changes: object): Promise<string> {
    const { presets } = this.api.realtimeKit;
    const stock = (await presets.get(this.gavel.app.rtkAppId, this.#account)).data ?? [];
    const { id = '' } = stock.find((each) => each.name === 'group_call_participant') ?? {};
    const { config, permissions, ui } = (await presets.getPresetByID(id, this.ids)).data as PresetParts;
    const body = { ...this.#account, name, config, permissions: { ...permissions, ...changes }, ui };
    await presets.create(this.gavel.app.rtkAppId, body as never);
    return name;
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

/**
 * A server and its meetings, through the API that a backend calls.
 *
 * @module
 */

import { TEST_API_TOKEN, type TestServer } from '@gavel/testkit';
import Cloudflare from 'cloudflare';

/** A participant that was added to a meeting. */
export interface Added {
  /** The participant's id. */
  readonly id: string;
  readonly token: string;
}

interface PresetParts {
  readonly config: object;
  readonly permissions: object;
  readonly ui: object;
}

/** Calls a server's API as a backend does. */
export class Meetings {
  readonly gavel: TestServer;
  readonly api: Cloudflare;

  constructor(gavel: TestServer) {
    this.gavel = gavel;
    this.api = new Cloudflare({ apiToken: TEST_API_TOKEN, baseURL: `${gavel.baseUrl}/client/v4`, maxRetries: 0 });
  }

  /** The parameters of every call about the App. */
  get ids() {
    return { ...this.#account, app_id: this.gavel.app.rtkAppId };
  }

  get #account() {
    return { account_id: this.gavel.app.accountId };
  }

  /** Creates a meeting; returns its id. */
  async create(): Promise<string> {
    const body = { ...this.#account, title: 'Stand-up' };
    return (await this.api.realtimeKit.meetings.create(this.gavel.app.rtkAppId, body)).data?.id ?? '';
  }

  /** Adds a participant to a meeting. */
  async add(meetingId: string, name: string, preset_name: string): Promise<Added> {
    const body = { ...this.ids, name, preset_name, custom_participant_id: `user-${name}` };
    const { id = '', token = '' } = (await this.api.realtimeKit.meetings.addParticipant(meetingId, body)).data ?? {};
    return { id, token };
  }

  /** Creates a preset like another, the default participant preset if none is named, with some permissions changed; returns its name. */
  async newPreset(name: string, changes: object, like = 'group_call_participant'): Promise<string> {
    const { presets } = this.api.realtimeKit;
    const stock = (await presets.get(this.gavel.app.rtkAppId, this.#account)).data ?? [];
    const { id = '' } = stock.find((each) => each.name === like) ?? {};
    const { config, permissions, ui } = (await presets.getPresetByID(id, this.ids)).data as PresetParts;
    const body = { ...this.#account, name, config, permissions: { ...permissions, ...changes }, ui };
    await presets.create(this.gavel.app.rtkAppId, body as never);
    return name;
  }
}

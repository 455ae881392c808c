/**
 * A whole server, and participants of a meeting with one signalling connection each.
 *
 * @module
 */

import type { LoginResult, Params } from '@gavel/protocol';
import { RawClient, startTestServer, TEST_API_TOKEN, type TestServer, type TestServerOptions } from '@gavel/testkit';
import Cloudflare from 'cloudflare';
import { STOCK_PRESETS } from '../../../packages/server/src/realtimekit/stock-presets.ts';

/** Starts the server. @param options as of `startTestServer` */
export async function startPeople(options: TestServerOptions = {}) {
  const server: TestServer = await startTestServer(options);
  const baseURL = `${server.baseUrl}/client/v4`;
  const cloudflare = new Cloudflare({ baseURL, apiToken: TEST_API_TOKEN, apiKey: null, apiEmail: null, maxRetries: 0 });
  const kit = cloudflare.realtimeKit;
  const account = { account_id: server.app.accountId };
  const ids = { ...account, app_id: server.app.rtkAppId };
  const clients: RawClient[] = [];

  const connect = async (): Promise<RawClient> => {
    const client = await RawClient.open(server.baseUrl);
    clients.push(client);
    return client;
  };
  const loginWith = async (token: string, more: Partial<Params<'login'>> = {}) => {
    const client = await connect();
    const credential = { scheme: 'participant-token', token };
    const params = { credential, clientId: 'c', members: true, ...more };
    const { result, error } = await client.request('login', params);
    return { client, login: result as LoginResult, error };
  };
  const add = async (meeting: string, customId: string, preset = 'group_call_host') => {
    const { data } = await kit.meetings.addParticipant(meeting, {
      ...ids,
      custom_participant_id: customId,
      preset_name: preset,
      name: customId,
    });
    if (!data) throw new Error('no participant');
    return data;
  };

  return {
    server,
    kit,
    ids,
    connect,
    /** Logs in with a participant's token. */
    loginWith,
    add,
    /** Adds a participant, and logs it in. */
    enter: async (meeting: string, customId: string, preset?: string) => {
      const participant = await add(meeting, customId, preset);
      return { ...participant, ...(await loginWith(participant.token)) };
    },
    newMeeting: async (title = 'Planning'): Promise<string> =>
      (await kit.meetings.create(ids.app_id, { ...account, title })).data?.id ?? '',
    /** Creates a preset like the default participant preset, with some permissions and settings changed. */
    newPreset: async (name: string, permissions: object, config: object = {}): Promise<string> => {
      const stock = STOCK_PRESETS.find((each) => each.name === 'group_call_participant')?.definition as {
        readonly [part in 'config' | 'permissions' | 'ui']: object;
      };
      const definition = {
        ...stock,
        permissions: { ...stock.permissions, ...permissions },
        config: { ...stock.config, ...config },
      };
      await kit.presets.create(ids.app_id, { ...account, name, ...definition } as never);
      return name;
    },
    close: async () => {
      for (const client of clients) client.cut();
      await server.close();
    },
  };
}

/** A running server with participants. */
export type People = Awaited<ReturnType<typeof startPeople>>;

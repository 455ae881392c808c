/**
 * `gavel app`: the Apps of an account, and their keys.
 *
 * @module
 */

import { withQuery } from '../api.ts';
import { type CommandSpec, makeTable, type OptionSpec, showTime, textOf } from '../command.ts';
import { requireInteger } from '../parse.ts';

interface App {
  readonly appId: number;
  readonly rtkAppId: string;
  readonly name: string;
  readonly createdAtMs: number;
}

const account: OptionSpec = { flags: '--account <id>', description: 'The account of the Apps.', isRequired: true };
const requireAppId = requireInteger('an App id', 1, 0xffff_ffff);

const list: CommandSpec = {
  name: 'app list',
  summary: 'Lists the Apps of an account, oldest first.',
  isRemote: true,
  options: [account],
  async run({ api, options }) {
    const path = withQuery('/admin/v1/apps', { accountId: options.account });
    const { apps } = await api.send<{ readonly apps: readonly App[] }>({ method: 'GET', path });
    const rows = apps.map(({ appId, rtkAppId, name, createdAtMs }) => [appId, rtkAppId, name, showTime(createdAtMs)]);
    return { value: apps, lines: makeTable(['APP ID', 'REALTIMEKIT ID', 'NAME', 'CREATED'], rows) };
  },
};

const create: CommandSpec = {
  name: 'app create',
  summary: 'Creates an App with new keys, by the RealtimeKit API. `app keys` prints the keys.',
  isRemote: true,
  args: [{ name: 'name', description: 'The name of the App.' }],
  options: [account],
  confirm: ({ args: [name], options }) => `Create the App ${name} in the account ${textOf(options, 'account')}?`,
  async run({ api, args: [name], options }) {
    const path = `/client/v4/accounts/${encodeURIComponent(textOf(options, 'account'))}/realtime/kit/apps`;
    const answer = await api.send<{ readonly data: { readonly app: { readonly id: string } } }>({
      ...{ method: 'POST', path, body: { name }, credential: 'apiToken' },
    });
    const { app } = answer.data;
    return { value: app, lines: [`created the App ${app.id}`] };
  },
};

const keys: CommandSpec = {
  name: 'app keys',
  summary: 'Prints the keys of an App. They are secrets: whoever has them acts as the App.',
  isRemote: true,
  args: [{ name: 'appId', description: 'The App id.' }],
  async run({ api, args: [appId = ''] }) {
    const path = `/admin/v1/apps/${requireAppId(appId)}/keys`;
    const value = await api.send<{ readonly serverSecret: string; readonly callbackSecret: string }>({
      method: 'GET',
      path,
    });
    return { value, lines: [`serverSecret    ${value.serverSecret}`, `callbackSecret  ${value.callbackSecret}`] };
  },
};

/** The commands of Apps. */
export const APP_COMMANDS: readonly CommandSpec[] = [list, create, keys];

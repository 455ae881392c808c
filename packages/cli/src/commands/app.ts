/**
 * `gavel app`: the Apps, their keys, and new secrets.
 *
 * @module
 */

import type { AppKeys, AppList, AppSecrets, CreatedApp } from '@gavel/protocol/admin';
import { withQuery } from '../api.ts';
import { type CommandSpec, makeTable, type OptionSpec, showTime, textOf } from '../command.ts';
import { requireInteger, requireSeconds } from '../parse.ts';

const account: OptionSpec = { flags: '--account <id>', description: 'The account of the Apps.' };
const APP_ID = { name: 'appId', description: 'The App id.' } as const;
const requireAppId = requireInteger('an App id', 1, 0xffff_ffff);
const keysPath = (appId: string): string => `/admin/v1/apps/${requireAppId(appId)}/keys`;

const list: CommandSpec = {
  name: 'app list',
  summary: 'Lists the Apps, oldest first.',
  isRemote: true,
  options: [{ ...account, description: 'Only Apps of this account.' }],
  async run({ api, options }) {
    const path = withQuery('/admin/v1/apps', { accountId: options.account });
    const { apps } = await api.send<AppList>({ method: 'GET', path });
    const rows = apps.map(({ appId, rtkAppId, name, createdAtMs }) => [appId, rtkAppId, name, showTime(createdAtMs)]);
    return { value: apps, lines: makeTable(['APP ID', 'REALTIMEKIT ID', 'NAME', 'CREATED'], rows) };
  },
};

const create: CommandSpec = {
  name: 'app create',
  summary: 'Creates an App, and prints its ids and secrets. The secrets are not printed again.',
  isRemote: true,
  args: [{ name: 'name', description: 'The name of the App.' }],
  options: [{ ...account, description: 'The account of the App.', isRequired: true }],
  confirm: ({ args: [name], options }) => `Create the App ${name} in the account ${textOf(options, 'account')}?`,
  async run({ api, args: [name], options: { account: accountId } }) {
    const value = await api.send<CreatedApp>({ method: 'POST', path: '/admin/v1/apps', body: { accountId, name } });
    const ids = [`appId           ${value.appId}`, `realtimekit id  ${value.rtkAppId}`];
    return { value, lines: [...ids, ...describeSecrets(value)] };
  },
};

const keys: CommandSpec = {
  name: 'app keys',
  summary: 'Prints the ids of the secrets of an App; with --show the secrets, once, if the RealtimeKit API created it.',
  isRemote: true,
  args: [APP_ID],
  options: [{ flags: '--show', description: 'Prints the secrets. They are not printed again.' }],
  async run({ api, args: [appId = ''], options }) {
    const path = keysPath(appId);
    if (options.show) {
      const value = await api.send<AppSecrets>({ method: 'POST', path: `${path}/show` });
      return { value, lines: describeSecrets(value) };
    }
    const value = await api.send<AppKeys>({ method: 'GET', path });
    const rows = [
      ['server', value.keyId, ''],
      ['callback', value.callbackKeyId, ''],
      ...value.earlier.map(({ kind, keyId, validUntilMs }) => [kind, keyId, showTime(validUntilMs)]),
    ];
    return { value, lines: makeTable(['SECRET', 'KEY ID', 'VALID UNTIL'], rows) };
  },
};

const rotate: CommandSpec = {
  name: 'app rotate',
  summary: 'Gives an App a new secret, and prints it. The one before stays valid for some time.',
  isRemote: true,
  args: [APP_ID],
  options: [
    {
      flags: '--secret <kind>',
      description: 'Which: server signs API calls and login tokens, callback signs callbacks.',
      choices: ['server', 'callback'],
      default: 'server',
    },
    {
      flags: '--overlap <duration>',
      description: 'How long the secret before stays valid.',
      default: '1d',
      parse: requireSeconds,
    },
  ],
  confirm: ({ args: [appId], options }) => `Replace the ${textOf(options, 'secret')} secret of the App ${appId}?`,
  async run({ api, args: [appId = ''], options }) {
    const body = { kind: options.secret, overlapSeconds: options.overlap };
    const value = await api.send<AppSecrets>({ method: 'POST', path: keysPath(appId), body });
    return { value, lines: describeSecrets(value) };
  },
};

function describeSecrets({ serverSecret, callbackSecret }: AppSecrets): string[] {
  return [
    ...(serverSecret === undefined ? [] : [`serverSecret    ${serverSecret}`]),
    ...(callbackSecret === undefined ? [] : [`callbackSecret  ${callbackSecret}`]),
  ];
}

/** The commands of Apps. */
export const APP_COMMANDS: readonly CommandSpec[] = [list, create, keys, rotate];

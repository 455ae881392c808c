/**
 * `gavel token`, `token04` and `participant-token`: the tokens of backends, and of users.
 *
 * @module
 */

import type { LoginToken } from '@gavel/protocol/admin';
import { createToken04 } from '@gavel/server/token04';
import { withQuery } from '../api.ts';
import { type CommandSpec, makeTable, type OptionSpec, showTime, textOf } from '../command.ts';
import { usageError } from '../errors.ts';
import { readSecret, requireInteger, requireSeconds } from '../parse.ts';

interface Token {
  readonly id: string;
  readonly name: string;
  readonly appIds?: readonly string[];
  readonly createdAtMs: number;
}

const account: OptionSpec = { flags: '--account <id>', description: 'The account of the token.', isRequired: true };

const create: CommandSpec = {
  name: 'token create',
  summary: 'Creates a token of the RealtimeKit API for a backend. It is printed once, and not stored.',
  isRemote: true,
  args: [{ name: 'name', description: 'The name of the token; it appears in the audit log.' }],
  options: [
    account,
    { flags: '--apps <ids>', description: 'Only for these Apps: their RealtimeKit ids, with commas.' },
  ],
  confirm: ({ args: [name], options }) => `Create the token ${name} in the account ${textOf(options, 'account')}?`,
  async run({ api, args: [name], options: { account: accountId, apps } }) {
    const body = { name, accountId, ...(apps !== undefined && { appIds: String(apps).split(',') }) };
    const value = await api.send<{ readonly token: string }>({ method: 'POST', path: '/admin/v1/api-tokens', body });
    return { value, lines: [value.token] };
  },
};

const list: CommandSpec = {
  name: 'token list',
  summary: 'Lists the tokens of an account that the API created, oldest first.',
  isRemote: true,
  options: [account],
  async run({ api, options }) {
    const path = withQuery('/admin/v1/api-tokens', { accountId: options.account });
    const { apiTokens } = await api.send<{ readonly apiTokens: readonly Token[] }>({ method: 'GET', path });
    const rows = apiTokens.map(({ id, name, appIds, createdAtMs }) => [
      ...[id, name, appIds?.join(',') ?? 'all', showTime(createdAtMs)],
    ]);
    return { value: apiTokens, lines: makeTable(['ID', 'NAME', 'APPS', 'CREATED'], rows) };
  },
};

const revoke: CommandSpec = {
  name: 'token revoke',
  summary: 'Revokes a token at once: later calls with it are refused.',
  isRemote: true,
  args: [{ name: 'id', description: 'The id of the token, as `token list` prints it.' }],
  confirm: ({ args: [id] }) => `Revoke the token ${id}?`,
  async run({ api, args: [id = ''] }) {
    const path = `/admin/v1/api-tokens/${encodeURIComponent(id)}`;
    return { value: await api.send<object>({ method: 'DELETE', path }), lines: [`revoked ${id}`] };
  },
};

const token04: CommandSpec = {
  name: 'token04 create',
  summary: 'Creates a login token for a user of an App: with the server secret in a file, or at the server.',
  isRemote: true,
  options: [
    {
      flags: '--app <id>',
      description: 'The App id.',
      isRequired: true,
      parse: requireInteger('an App id', 1, 0xffff_ffff),
    },
    { flags: '--user <id>', description: 'The user id.', isRequired: true },
    { flags: '--for <duration>', description: 'How long it is valid.', default: '1h', parse: requireSeconds },
    { flags: '--secret-file <file>', description: 'The file with the server secret; - for standard input.' },
    { flags: '--payload <json>', description: 'Privileges of the token, as JSON.' },
  ],
  async run({ api, options }) {
    const { app: appId, user: userId, payload = '', secretFile } = options;
    if (secretFile === undefined) {
      const body = { userId, expiresInSeconds: options.for, ...(payload !== '' && { payload }) };
      const value = await api.send<LoginToken>({ method: 'POST', path: `/admin/v1/apps/${appId}/login-tokens`, body });
      return { value, lines: [value.token] };
    }
    const secret = readSecret(String(secretFile));
    const facts = { appId: Number(appId), userId: String(userId), payload: String(payload) };
    try {
      const token = createToken04({ ...facts, secret, lifetimeSeconds: Number(options.for) });
      return { value: { token }, lines: [token] };
    } catch (error) {
      if (error instanceof RangeError) throw usageError(error.message);
      throw error;
    }
  },
};

const participantToken: CommandSpec = {
  name: 'participant-token create',
  summary: 'Adds a participant to a RealtimeKit meeting, and prints its token.',
  isRemote: true,
  options: [
    account,
    { flags: '--app <id>', description: 'The RealtimeKit id of the App.', isRequired: true },
    { flags: '--meeting <id>', description: 'The id of the meeting.', isRequired: true },
    { flags: '--preset <name>', description: 'The name of the preset.', isRequired: true },
    { flags: '--custom-id <id>', description: 'The id of the user in your own system.', isRequired: true },
    { flags: '--name <name>', description: 'The name that others see.' },
  ],
  confirm: ({ options }) => `Add ${textOf(options, 'customId')} to the meeting ${textOf(options, 'meeting')}?`,
  async run({ api, options }) {
    const part = (name: string): string => encodeURIComponent(textOf(options, name));
    const kit = `/client/v4/accounts/${part('account')}/realtime/kit/${part('app')}`;
    const { preset: preset_name, customId: custom_participant_id, name } = options;
    const body = { preset_name, custom_participant_id, ...(name !== undefined && { name }) };
    const answer = await api.send<{ readonly data: { readonly id: string; readonly token: string } }>({
      ...{ method: 'POST', path: `${kit}/meetings/${part('meeting')}/participants`, body, credential: 'apiToken' },
    });
    return { value: answer.data, lines: [answer.data.token] };
  },
};

/** The commands of tokens. */
export const TOKEN_COMMANDS: readonly CommandSpec[] = [create, list, revoke, token04, participantToken];

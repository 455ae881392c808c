/**
 * `gavel admin-token`: the tokens of persons for the admin API and the console.
 *
 * @module
 */

import type { AdminTokenList, CreatedAdminToken } from '@gavel/protocol/admin';
import { type CommandSpec, makeTable, showTime, textOf } from '../command.ts';
import { requireInteger, requireSeconds } from '../parse.ts';

const requireAppId = requireInteger('an App id', 1, 0xffff_ffff);

const create: CommandSpec = {
  name: 'admin-token create',
  summary: 'Creates a token of the admin API for a person. It is printed once, and not stored.',
  isRemote: true,
  args: [{ name: 'name', description: 'The name of the person; it appears in the audit log.' }],
  options: [
    {
      flags: '--role <role>',
      description: 'What it may do.',
      choices: ['owner', 'moderator', 'viewer'],
      isRequired: true,
    },
    { flags: '--apps <ids>', description: 'Only for these Apps: their App ids, with commas.' },
    {
      flags: '--for <duration>',
      description: 'How long it is valid, such as 8h or 90d; for good without it.',
      parse: requireSeconds,
    },
  ],
  confirm: ({ args: [name], options }) => `Create a token for ${name} with the role ${textOf(options, 'role')}?`,
  async run({ api, args: [name], options: { role, apps, for: expiresInSeconds } }) {
    const appIds = apps === undefined ? undefined : String(apps).split(',').map(requireAppId);
    const body = { name, role, ...(appIds && { appIds }), ...(expiresInSeconds !== undefined && { expiresInSeconds }) };
    const value = await api.send<CreatedAdminToken>({ method: 'POST', path: '/admin/v1/admin-tokens', body });
    return { value, lines: [value.token] };
  },
};

const list: CommandSpec = {
  name: 'admin-token list',
  summary: 'Lists the tokens of persons, oldest first.',
  isRemote: true,
  async run({ api }) {
    const { adminTokens } = await api.send<AdminTokenList>({ method: 'GET', path: '/admin/v1/admin-tokens' });
    const rows = adminTokens.map(({ id, name, role, appIds, createdAtMs, expiresAtMs }) => [
      ...[id, name, role, appIds?.join(',') ?? 'all', showTime(createdAtMs), showTime(expiresAtMs)],
    ]);
    return { value: adminTokens, lines: makeTable(['ID', 'NAME', 'ROLE', 'APPS', 'CREATED', 'EXPIRES'], rows) };
  },
};

const revoke: CommandSpec = {
  name: 'admin-token revoke',
  summary: 'Revokes the token of a person at once.',
  isRemote: true,
  args: [{ name: 'id', description: 'The id of the token, as `admin-token list` prints it.' }],
  confirm: ({ args: [id] }) => `Revoke the token ${id}?`,
  async run({ api, args: [id = ''] }) {
    const path = `/admin/v1/admin-tokens/${encodeURIComponent(id)}`;
    return { value: await api.send<object>({ method: 'DELETE', path }), lines: [`revoked ${id}`] };
  },
};

/** The commands of the tokens of persons. */
export const ADMIN_TOKEN_COMMANDS: readonly CommandSpec[] = [create, list, revoke];

/**
 * `gavel audit`: who did what.
 *
 * @module
 */

import type { AuditItem, AuditList } from '@gavel/protocol/admin';
import { withQuery } from '../api.ts';
import { type CommandSpec, makeTable, type OptionSpec, type OptionValues, showTime } from '../command.ts';
import { requireInteger } from '../parse.ts';

const FILTERS: readonly OptionSpec[] = [
  {
    flags: '--app <id>',
    description: 'Only commands of this App.',
    parse: requireInteger('an App id', 1, 0xffff_ffff),
  },
  { flags: '--room <id>', description: 'Only commands of this room.' },
  { flags: '--actor <name>', description: 'Only commands of this actor.' },
  { flags: '--action <name>', description: 'Only commands of this kind, such as kick.' },
  { flags: '--target <name>', description: 'Only commands about this target, such as user/anna.' },
];
const filterOf = ({ app: appId, room: roomId, actor, action, target }: OptionValues) => ({
  appId,
  roomId,
  actor,
  action,
  target,
});

const tail: CommandSpec = {
  name: 'audit tail',
  summary: 'Lists the last commands that changed something, or that were refused.',
  isRemote: true,
  options: [
    ...FILTERS,
    {
      flags: '--limit <number>',
      description: 'Most entries.',
      default: '20',
      parse: requireInteger('a number of entries', 1, 500),
    },
  ],
  async run({ api, options }) {
    const path = withQuery('/admin/v1/audit', { ...filterOf(options), limit: options.limit });
    const { rows } = await api.send<AuditList>({ method: 'GET', path });
    const cells = rows.map(({ atMs, actor, action, roomId, targets, outcome, errorCode, reason }: AuditItem) => [
      ...[showTime(atMs), actor, action, roomId, targets.join(','), errorCode ?? outcome, reason],
    ]);
    return { value: rows, lines: makeTable(['AT', 'BY', 'ACTION', 'ROOM', 'TARGETS', 'OUTCOME', 'REASON'], cells) };
  },
};

const exportAll: CommandSpec = {
  name: 'audit export',
  summary: 'Prints the audit log as JSON lines or CSV.',
  isRemote: true,
  options: [
    ...FILTERS,
    { flags: '--format <format>', description: 'The form.', choices: ['jsonl', 'csv'], default: 'jsonl' },
  ],
  async run({ api, io, options }) {
    const path = withQuery('/admin/v1/audit/export', { ...filterOf(options), format: options.format });
    await api.download(path, (text) => io.out(text));
    return undefined;
  },
};

/** The commands of the audit log. */
export const AUDIT_COMMANDS: readonly CommandSpec[] = [tail, exportAll];

/**
 * `gavel audit`: who did what.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditItem, AuditList } from '@gavel/protocol/admin';
import { type Api, withQuery } from '../api.ts';
import { type CommandSpec, makeTable, type OptionSpec, type OptionValues, showTime } from '../command.ts';
import { requireInteger, requireSeconds } from '../parse.ts';

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

/** The time between two questions for new rows, in milliseconds. */
const POLL_INTERVAL_MS = 1_000;
/** Rows of one page that is fetched while following. */
const PAGE = 500;
const HEAD = ['AT', 'BY', 'ACTION', 'ROOM', 'TARGETS', 'OUTCOME', 'REASON'];

const cellsOf = ({ atMs, actor, action, roomId, targets, outcome, errorCode, reason }: AuditItem) => [
  ...[showTime(atMs), actor, action, roomId, targets.join(','), errorCode ?? outcome, reason],
];

const tail: CommandSpec = {
  name: 'audit tail',
  summary: 'Lists the last commands that changed something, or that were refused; with --follow also those to come.',
  isRemote: true,
  options: [
    ...FILTERS,
    {
      flags: '--limit <number>',
      description: 'Most entries.',
      default: '20',
      parse: requireInteger('a number of entries', 1, 500),
    },
    { flags: '--since <duration>', description: 'Only of this time, such as 90s or 2h.', parse: requireSeconds },
    {
      flags: '--follow',
      description: 'Prints the last ones, the latest at the end, and those to come, until it is ended.',
    },
    { flags: '--for <duration>', description: 'With --follow: ends after this time.', parse: requireSeconds },
  ],
  check: ({ options }) => (options.for !== undefined && !options.follow ? '--for needs --follow' : undefined),
  async run({ api, io, options }) {
    const { since, limit, follow, json } = options;
    const query = { ...filterOf(options), ...(since !== undefined && { fromMs: Date.now() - Number(since) * 1000 }) };
    const { rows } = await api.send<AuditList>({
      method: 'GET',
      path: withQuery('/admin/v1/audit', { ...query, limit }),
    });
    if (!follow) return { value: rows, lines: makeTable(HEAD, rows.map(cellsOf)) };
    const print = (row: AuditItem): void =>
      io.out(`${json ? JSON.stringify(row) : cellsOf(row).filter(Boolean).join('  ')}\n`);
    for (const row of rows.toReversed()) print(row);
    const endMs = options.for === undefined ? Number.POSITIVE_INFINITY : Date.now() + Number(options.for) * 1000;
    const interrupted = io.onInterrupt();
    let last = rows[0]?.seq ?? 0;
    while (Date.now() < endMs) {
      await sleep(POLL_INTERVAL_MS, undefined, { signal: interrupted }).catch(() => {});
      if (interrupted.aborted) return undefined;
      const news = await readNewer(api, query, last);
      for (const row of news) print(row);
      last = news.at(-1)?.seq ?? last;
    }
    return undefined;
  },
};

/** Returns the rows that were stored after a row, oldest first. */
async function readNewer(api: Api, query: OptionValues, after: number): Promise<AuditItem[]> {
  const found: AuditItem[] = [];
  let cursor: string | undefined;
  do {
    const path = withQuery('/admin/v1/audit', { ...query, limit: PAGE, cursor });
    const page = await api.send<AuditList>({ method: 'GET', path });
    const newer = page.rows.filter(({ seq }) => seq > after);
    found.push(...newer);
    cursor = newer.length === page.rows.length ? (page.next ?? undefined) : undefined;
  } while (cursor !== undefined);
  return found.toReversed();
}

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

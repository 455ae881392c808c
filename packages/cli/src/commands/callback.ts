/**
 * `gavel callback`: callbacks that are pending or failed.
 *
 * @module
 */

import type { CallbackItem, CallbackList, ReplayedCallbacks } from '@gavel/protocol/admin';
import { withQuery } from '../api.ts';
import { type CommandSpec, makeTable, showTime, textOf } from '../command.ts';
import { requireInteger } from '../parse.ts';

const appOption = {
  flags: '--app <id>',
  description: 'Only callbacks of this App.',
  parse: requireInteger('an App id', 1, 0xffff_ffff),
} as const;

/** Entries of one page that is fetched. */
const PAGE = 500;

const list: CommandSpec = {
  name: 'callback list',
  summary: 'Lists callbacks that failed permanently, or that are pending, oldest first.',
  isRemote: true,
  options: [
    { flags: '--status <status>', description: 'Which.', choices: ['failed', 'pending'], default: 'failed' },
    appOption,
    {
      flags: '--limit <number>',
      description: 'Most entries.',
      default: '100',
      parse: requireInteger('a number of entries', 1, 500),
    },
    { flags: '--all', description: 'All entries, page by page.' },
  ],
  async run({ api, options, progress }) {
    const { status, app, limit, all } = options;
    const found: CallbackItem[] = [];
    let after: number | undefined;
    do {
      const query = { status, appId: app, limit: all ? PAGE : limit, after };
      const page = await api.send<CallbackList>({ method: 'GET', path: withQuery('/admin/v1/callbacks', query) });
      found.push(...page.callbacks);
      after = page.next ?? undefined;
      progress(`${found.length} callbacks`);
    } while (all && after !== undefined);
    const rows = found.map((each) => [
      each.id,
      each.lane,
      each.event,
      showTime(each.createdAtMs),
      each.attempts,
      each.lastError,
    ]);
    return { value: found, lines: makeTable(['ID', 'ROOM', 'EVENT', 'SINCE', 'ATTEMPTS', 'LAST ERROR'], rows) };
  },
};

const replay: CommandSpec = {
  name: 'callback replay',
  summary: 'Sends failed callbacks again: one by its id, or all of an App.',
  isRemote: true,
  args: [{ name: 'id', description: 'The id of a callback, as `callback list` prints it.', isOptional: true }],
  options: [{ ...appOption, description: 'All failed callbacks of this App.' }],
  confirm: ({ args: [id], options }) =>
    id === undefined ? `Send all failed callbacks of App ${textOf(options, 'app')} again?` : `Send ${id} again?`,
  check: ({ args: [id], options }) =>
    (id === undefined) === (options.app === undefined) ? 'give either the id of a callback or --app' : undefined,
  async run({ api, args: [id], options }) {
    if (id !== undefined) {
      const path = `/admin/v1/callbacks/${encodeURIComponent(id)}/replay`;
      return { value: await api.send<object>({ method: 'POST', path }), lines: [`${id} is pending again`] };
    }
    const body = { appId: Number(options.app) };
    const value = await api.send<ReplayedCallbacks>({
      method: 'POST',
      path: '/admin/v1/callbacks/replay',
      body,
    });
    return { value, lines: [`${value.replayed} callbacks are pending again`] };
  },
};

/** The commands of callbacks. */
export const CALLBACK_COMMANDS: readonly CommandSpec[] = [list, replay];

/**
 * `gavel room close`, `user kick|ban|mute`, `stream list|delete` and `ban`: what moderators do.
 *
 * @module
 */

import type {
  ActResult,
  BanItem,
  BanList,
  BanResult,
  DeletedStream,
  KickResult,
  RoomDetail,
} from '@gavel/protocol/admin';
import { withQuery } from '../api.ts';
import { type CommandSpec, makeTable, type OptionSpec, type OptionValues, showTime } from '../command.ts';
import { requireSeconds } from '../parse.ts';
import { ROOM_ARGUMENT, ROOM_OPTIONS, roomPath } from './room.ts';

const REASON: OptionSpec = {
  flags: '--reason <text>',
  description: 'Why; the people concerned are told, and the audit log has it.',
  isRequired: true,
};
const ROOM: OptionSpec = { flags: '--room <id>', description: 'The room.', isRequired: true };
const BAN_FOR: OptionSpec = {
  flags: '--for <duration>',
  description: 'How long, such as 90s, 2h or 7d; for good without it.',
  parse: requireSeconds,
};
const USERS = { name: 'users...', description: 'The user ids.' } as const;

/** What an answer says about one person. */
type Affected = ActResult['people'][number];

const common = ({ reason, dryRun }: OptionValues) => ({ reason, ...(dryRun === true && { dryRun }) });
const pathOf = ({ room, ...options }: OptionValues): string => roomPath(String(room), options);
const usersOf = (args: readonly (string | undefined)[]): string[] => args.filter((user) => user !== undefined);

function showPeople(isDryRun: boolean, did: string, people: readonly Affected[]): string[] {
  const names = people.map(({ userId }) => userId).join(', ');
  return [`${isDryRun ? 'would have' : 'has'} ${did}: ${names || 'nobody'}`];
}

const close: CommandSpec = {
  name: 'room close',
  summary: 'Closes a room: everybody is put out.',
  isRemote: true,
  dryRunsAtServer: true,
  args: [ROOM_ARGUMENT],
  options: [...ROOM_OPTIONS, REASON],
  confirm: ({ args: [room] }) => `Close the room ${room}?`,
  async run({ api, args: [room = ''], options }) {
    const path = `${roomPath(room, options)}/close`;
    const value = await api.send<ActResult>({ method: 'POST', path, body: common(options) });
    return { value, lines: showPeople(value.isDryRun, 'put out', value.people) };
  },
};

const kick: CommandSpec = {
  name: 'user kick',
  summary: 'Puts users out of a room, and keeps them out with --ban.',
  isRemote: true,
  dryRunsAtServer: true,
  args: [USERS],
  options: [
    ...ROOM_OPTIONS,
    ROOM,
    REASON,
    { flags: '--ban <of>', description: 'Also bans them.', choices: ['user', 'address', 'both'] },
    { flags: '--in <where>', description: 'Where the ban applies.', choices: ['room', 'app'], default: 'room' },
    { ...BAN_FOR, description: 'How long the ban lasts, such as 90s, 2h or 7d; for good without it.' },
  ],
  check: ({ options }) => (options.for !== undefined && options.ban === undefined ? '--for needs --ban' : undefined),
  confirm: ({ args, options }) => `Kick ${usersOf(args).join(', ')} out of ${options.room}?`,
  async run({ api, args, options }) {
    const { ban: of, in: where, for: seconds } = options;
    const ban = of !== undefined && { ban: { of, in: where, ...(seconds !== undefined && { seconds }) } };
    const body = { userIds: usersOf(args), ...ban, ...common(options) };
    const value = await api.send<KickResult>({ method: 'POST', path: `${pathOf(options)}/kick`, body });
    const bans = value.bans.map(({ id }) => `ban ${id}`);
    return { value, lines: [...showPeople(value.isDryRun, 'put out', value.people), ...bans] };
  },
};

const mute: CommandSpec = {
  name: 'user mute',
  summary: 'Mutes users in a room: their audio, or what the options name.',
  isRemote: true,
  dryRunsAtServer: true,
  args: [USERS],
  options: [
    ...ROOM_OPTIONS,
    ROOM,
    { flags: '--video', description: 'Mutes their cameras.' },
    { flags: '--screen', description: 'Ends their screen shares.' },
    { flags: '--locked', description: 'They cannot unmute themselves.' },
    REASON,
  ],
  confirm: ({ args, options }) => `Mute ${usersOf(args).join(', ')} in ${options.room}?`,
  async run({ api, args, options }) {
    const video = options.video === true;
    const screen = options.screen === true;
    const what = { audio: !video && !screen, video, screen, allowUnmute: options.locked !== true };
    const body = { userIds: usersOf(args), ...what, ...common(options) };
    const value = await api.send<ActResult>({ method: 'POST', path: `${pathOf(options)}/mute`, body });
    return { value, lines: showPeople(value.isDryRun, 'muted', value.people) };
  },
};

const streams: CommandSpec = {
  name: 'stream list',
  summary: 'Lists the streams of a room.',
  isRemote: true,
  args: [ROOM_ARGUMENT],
  options: ROOM_OPTIONS,
  async run({ api, args: [room = ''], options }) {
    const detail = await api.send<RoomDetail>({ method: 'GET', path: roomPath(room, options) });
    const rows = detail.streams.map(({ streamId, userId, source, title }) => [streamId, userId, source, title]);
    return { value: detail.streams, lines: makeTable(['STREAM', 'USER', 'SOURCE', 'TITLE'], rows) };
  },
};

const deleteStream: CommandSpec = {
  name: 'stream delete',
  summary: 'Ends a stream; its publisher stays in the room.',
  isRemote: true,
  dryRunsAtServer: true,
  args: [{ name: 'stream', description: 'The id of the stream.' }],
  options: [...ROOM_OPTIONS, ROOM, REASON],
  confirm: ({ args: [stream] }) => `Delete the stream ${stream}?`,
  async run({ api, args: [stream = ''], options }) {
    const path = `${pathOf(options)}/streams/${encodeURIComponent(stream)}/delete`;
    const value = await api.send<DeletedStream>({ method: 'POST', path, body: common(options) });
    return { value, lines: [`${value.isDryRun ? 'would have' : 'has'} deleted ${value.streamId}`] };
  },
};

const bansPath = ({ app, environment }: OptionValues): string => `/admin/v1/bans/${app}/${environment}`;

async function addBan(api: { send<T>(call: object): Promise<T> }, body: object, options: OptionValues) {
  const value = await api.send<BanResult>({ method: 'POST', path: bansPath(options), body });
  const people = showPeople(value.isDryRun, 'covered', value.covered);
  return { value, lines: [...(value.ban ? [`ban ${value.ban.id}`] : []), ...people] };
}

const banUser: CommandSpec = {
  name: 'user ban',
  summary: 'Bans a user from all rooms of an App, and puts it out where it is.',
  isRemote: true,
  dryRunsAtServer: true,
  args: [{ name: 'user', description: 'The user id.' }],
  options: [...ROOM_OPTIONS, BAN_FOR, REASON],
  confirm: ({ args: [user] }) => `Ban ${user}?`,
  run({ api, args: [userId], options }) {
    const seconds = options.for !== undefined && { seconds: options.for };
    return addBan(api, { userId, removesPresent: true, ...seconds, ...common(options) }, options);
  },
};

const add: CommandSpec = {
  name: 'ban add',
  summary: 'Sets a ban of a user, of addresses, or of whoever is either.',
  isRemote: true,
  dryRunsAtServer: true,
  options: [
    ...ROOM_OPTIONS,
    { flags: '--user <id>', description: 'The user.' },
    { flags: '--addresses <range>', description: 'An IP address, or a range such as 198.51.100.0/24.' },
    { flags: '--room <id>', description: 'Only in this room.' },
    { flags: '--remove', description: 'Also puts out whoever is covered and present.' },
    BAN_FOR,
    REASON,
  ],
  check: ({ options }) =>
    (options.user ?? options.addresses) === undefined ? 'give --user, --addresses or both' : undefined,
  confirm: ({ options: { user, addresses } }) => `Ban ${[user, addresses].filter(Boolean).join(' and ')}?`,
  run({ api, options }) {
    const { user: userId, addresses, room: roomId, remove, for: seconds } = options;
    const named = Object.entries({ userId, addresses, roomId, seconds }).filter(([, value]) => value !== undefined);
    return addBan(api, { ...Object.fromEntries(named), removesPresent: remove === true, ...common(options) }, options);
  },
};

const list: CommandSpec = {
  name: 'ban list',
  summary: 'Lists bans, those of both vendors’ APIs too.',
  isRemote: true,
  options: [
    ...ROOM_OPTIONS,
    { flags: '--state <state>', description: 'Which.', choices: ['in-force', 'all'], default: 'in-force' },
  ],
  async run({ api, options }) {
    const bans: BanItem[] = [];
    let cursor: string | undefined;
    do {
      const path = withQuery(bansPath(options), { state: options.state, limit: 500, cursor });
      const page = await api.send<BanList>({ method: 'GET', path });
      bans.push(...page.bans);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    const rows = bans.map(({ id, roomId, userId, addresses, untilMs, author, reason }) => [
      ...[
        id,
        roomId ?? 'all',
        userId,
        addresses,
        untilMs === undefined ? 'for good' : showTime(untilMs),
        author,
        reason,
      ],
    ]);
    return { value: bans, lines: makeTable(['ID', 'ROOM', 'USER', 'ADDRESSES', 'UNTIL', 'BY', 'REASON'], rows) };
  },
};

const lift: CommandSpec = {
  name: 'ban lift',
  summary: 'Ends a ban; its row stays.',
  isRemote: true,
  args: [{ name: 'id', description: 'The id of the ban, as `ban list` prints it.' }],
  options: [...ROOM_OPTIONS, REASON],
  confirm: ({ args: [id] }) => `Lift the ban ${id}?`,
  async run({ api, args: [id = ''], options }) {
    const path = `${bansPath(options)}/${encodeURIComponent(id)}/lift`;
    const value = await api.send<object>({ method: 'POST', path, body: common(options) });
    return { value, lines: [`lifted ${id}`] };
  },
};

/** The commands of moderators. */
export const MODERATION_COMMANDS: readonly CommandSpec[] = [
  close,
  kick,
  banUser,
  mute,
  streams,
  deleteStream,
  list,
  add,
  lift,
];

/**
 * `gavel room` and `gavel user`: rooms, and the people in them.
 *
 * @module
 */

import type { LiveEvent, Person, RoomDetail, RoomItem } from '@gavel/protocol/admin';
import { type Api, withQuery } from '../api.ts';
import { type ArgumentSpec, type CommandSpec, makeTable, type OptionSpec, showTime } from '../command.ts';
import { requireInteger, requireSeconds } from '../parse.ts';

const requireAppId = requireInteger('an App id', 1, 0xffff_ffff);
/** The argument that names a room. */
export const ROOM_ARGUMENT: ArgumentSpec = { name: 'room', description: 'The id of the room.' };
const APP: OptionSpec = { flags: '--app <id>', description: 'Only of this App.', parse: requireAppId };
const ENVIRONMENT: OptionSpec = {
  flags: '--environment <name>',
  description: 'Only of this environment.',
  choices: ['production', 'test'],
};
/** The options that name one room, with its id. */
export const ROOM_OPTIONS: readonly OptionSpec[] = [
  { ...APP, description: 'The App of the room.', isRequired: true },
  { ...ENVIRONMENT, description: 'The environment of the room.', default: 'production' },
];
/** The options of lists. */
const LIST_OPTIONS: readonly OptionSpec[] = [
  APP,
  ENVIRONMENT,
  {
    flags: '--limit <number>',
    description: 'Most entries.',
    default: '50',
    parse: requireInteger('a number of entries', 1, 500),
  },
  { flags: '--all', description: 'All entries, page by page.' },
];
const PAGE = 500;

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Reads a list: one page, or all of them. */
async function readPages<T>(
  api: Api,
  path: string,
  { all, limit, ...query }: Query,
  entriesOf: (page: never) => readonly T[],
  progress: (text: string) => void,
): Promise<readonly T[]> {
  const found: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.send<{ readonly next: string | null }>({
      ...{ method: 'GET', path: withQuery(path, { ...query, limit: all ? PAGE : limit, cursor }) },
    });
    found.push(...entriesOf(page as never));
    cursor = page.next ?? undefined;
    progress(`${found.length} entries`);
  } while (all && cursor !== undefined);
  return found;
}

const list: CommandSpec = {
  name: 'room list',
  summary: 'Lists the rooms that exist now.',
  isRemote: true,
  options: [
    { flags: '--search <text>', description: 'Only rooms with this text in their id.' },
    {
      flags: '--sort <what>',
      description: 'Order.',
      choices: ['created', 'members', 'room', 'streams'],
      default: 'created',
    },
    { flags: '--order <order>', description: 'Direction.', choices: ['asc', 'desc'], default: 'desc' },
    ...LIST_OPTIONS,
  ],
  async run({ api, options, progress }) {
    const { search, sort, order, app: appId, environment, limit, all } = options;
    const query = { search, sort, order, appId, environment, limit, all };
    const rooms = await readPages(
      api,
      '/admin/v1/rooms',
      query,
      ({ rooms: page }: { rooms: RoomItem[] }) => page,
      progress,
    );
    const rows = rooms.map((room) => [
      ...[room.appId, room.environment, room.roomId, room.memberCount, room.streamCount, room.waitingCount],
      showTime(room.createdAtMs),
    ]);
    return {
      value: rooms,
      lines: makeTable(['APP', 'ENVIRONMENT', 'ROOM', 'MEMBERS', 'STREAMS', 'WAITING', 'SINCE'], rows),
    };
  },
};

const users: CommandSpec = {
  name: 'user list',
  summary: 'Lists the people in all rooms, those of older rooms first.',
  isRemote: true,
  options: [
    { flags: '--search <text>', description: 'Only people with this text in their id or name.' },
    ...LIST_OPTIONS,
  ],
  async run({ api, options, progress }) {
    const { search, app: appId, environment, limit, all } = options;
    const query = { search, appId, environment, limit, all };
    const people = await readPages(
      api,
      '/admin/v1/people',
      query,
      ({ people: page }: { people: Person[] }) => page,
      progress,
    );
    return {
      value: people,
      lines: makeTable(
        ['APP', 'ROOM', ...PERSON_HEAD],
        people.map((each) => [each.appId, each.roomId, ...personRow(each)]),
      ),
    };
  },
};

const PERSON_HEAD = ['USER', 'NAME', 'ADDRESS', 'SINCE'];
const personRow = ({ userId, userName, address, joinedAtMs }: Person) => [
  userId,
  userName,
  address,
  showTime(joinedAtMs),
];

/** Returns the path of the room that arguments and options name. */
export function roomPath(room: string, { app, environment }: Query): string {
  return `/admin/v1/rooms/${app}/${environment}/${encodeURIComponent(room)}`;
}

const get: CommandSpec = {
  name: 'room get',
  summary: 'Shows a room: its people, its streams, and who waits for admission.',
  isRemote: true,
  args: [ROOM_ARGUMENT],
  options: ROOM_OPTIONS,
  async run({ api, args: [room = ''], options, progress }) {
    const path = roomPath(room, options);
    const detail = await api.send<RoomDetail>({ method: 'GET', path });
    const query = { all: true };
    const people = await readPages(
      api,
      `${path}/people`,
      query,
      ({ people: page }: { people: Person[] }) => page,
      progress,
    );
    const streams = detail.streams.map(({ streamId, userId, source, audio, video }) => [
      ...[streamId, userId, source, audio ? 'on' : 'off', video ? 'on' : 'off'],
    ]);
    const waiting = detail.waiting.map(({ userId, userName, sinceMs }) => [userId, userName, showTime(sinceMs)]);
    return {
      value: { ...detail, people },
      lines: [
        ...makeTable(PERSON_HEAD, people.map(personRow)),
        ...['', ...makeTable(['STREAM', 'USER', 'SOURCE', 'AUDIO', 'VIDEO'], streams)],
        ...(waiting.length === 0 ? [] : ['', ...makeTable(['WAITING', 'NAME', 'SINCE'], waiting)]),
      ],
    };
  },
};

const watch: CommandSpec = {
  name: 'room watch',
  summary: 'Prints what happens in a room, or in all rooms, as it happens.',
  isRemote: true,
  args: [{ ...ROOM_ARGUMENT, isOptional: true }],
  options: [
    { ...APP, description: 'Only of this App; needed with a room.' },
    ENVIRONMENT,
    { flags: '--for <duration>', description: 'Ends after this time, such as 90s or 2h.', parse: requireSeconds },
  ],
  check: ({ args: [room], options }) =>
    room !== undefined && options.app === undefined ? 'a room needs --app' : undefined,
  async run({ api, io, args: [roomId], options }) {
    const { app: appId, environment, json } = options;
    const path = withQuery('/admin/v1/events', { roomId, appId, environment, detail: 'people' });
    await api.watch(path, options.for === undefined ? undefined : Number(options.for) * 1000, ({ event, data }) => {
      if (event === 'ready' || event === 'reset') {
        if (event === 'reset') io.error('gavel: events were missed\n');
        return;
      }
      io.out(`${json ? data : showEvent(JSON.parse(data) as LiveEvent)}\n`);
    });
    return undefined;
  },
};

function showEvent({ atMs, type, roomId, userId, streamId, cause, reason }: LiveEvent): string {
  const who = [userId, streamId].filter((part) => part !== undefined).join(' ');
  const why = [cause, reason && JSON.stringify(reason)].filter((part) => part !== undefined && part !== '').join(': ');
  return [showTime(atMs), type, roomId, who, why && `(${why})`].filter((part) => part !== '').join('  ');
}

/** The commands that read rooms. */
export const ROOM_COMMANDS: readonly CommandSpec[] = [list, get, watch, users];

/**
 * The views of the console and their addresses, which are in the fragment: `/console#/rooms/1234567890/production/lobby`.
 *
 * @module
 */

/** The parts of the console. */
export const SECTIONS = ['overview', 'rooms', 'people', 'bans', 'audit', 'callbacks', 'apps'] as const;
/** A part of the console. */
export type Section = (typeof SECTIONS)[number];

/** Filters of a view, as they are in its address. */
export type Filters = Readonly<Record<string, string>>;

/** A room, as the admin API names it. */
export interface RoomRef {
  readonly appId: number;
  readonly environment: 'production' | 'test';
  readonly roomId: string;
}

/** A view with its parameters. */
export type Route =
  | { readonly view: Section; readonly filters: Filters }
  | { readonly view: 'room'; readonly room: RoomRef };

/** Reads the fragment of an address; an unknown one is the overview. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const [, section, appId, environment, roomId] = path.split('/');
  const room = section === 'rooms' ? parseRoom(appId, environment, roomId) : undefined;
  if (room) return { view: 'room', room };
  const view = SECTIONS.find((known) => known === section) ?? 'overview';
  return { view, filters: Object.fromEntries(new URLSearchParams(query)) };
}

/** Returns the fragment of a view's address. */
export function formatRoute(route: Route): string {
  if (route.view === 'room') {
    const { appId, environment, roomId } = route.room;
    return `#/rooms/${appId}/${environment}/${encodeURIComponent(roomId)}`;
  }
  const filters = Object.entries(route.filters).filter(([, value]) => value !== '');
  const query = filters.length === 0 ? '' : `?${new URLSearchParams(filters)}`;
  return `#/${route.view}${query}`;
}

/** Returns the address of a part of the console. */
export const linkTo = (view: Section, filters: Filters = {}): string => formatRoute({ view, filters });

/** Returns the address of a room's view. */
export const linkToRoom = (room: RoomRef): string => formatRoute({ view: 'room', room });

function parseRoom(appId = '', environment = '', roomId = ''): RoomRef | undefined {
  if (!/^\d{1,10}$/.test(appId) || roomId === '') return undefined;
  if (environment !== 'production' && environment !== 'test') return undefined;
  try {
    return { appId: Number(appId), environment, roomId: decodeURIComponent(roomId) };
  } catch {
    return undefined;
  }
}

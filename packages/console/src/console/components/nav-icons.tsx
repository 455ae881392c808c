/**
 * The icons of the navigation.
 *
 * @module
 */

import type { Section } from '../routes.ts';

const PATHS: Readonly<Record<Section, string>> = {
  overview: 'M4 13h6V4H4ZM14 20h6v-9h-6ZM4 20h6v-4H4ZM14 8h6V4h-6Z',
  rooms: 'M4 5h16v11H4ZM9 20h6M12 16v4',
  people:
    'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 19.5a6.5 6.5 0 0 1 13 0M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14a6.5 6.5 0 0 1 3.5 5.5',
  bans: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM5.7 5.7l12.6 12.6',
  audit: 'M6 3.5h9l4 4v13H6ZM9.5 12h6M9.5 16h6M9.5 8h2',
  callbacks: 'M4 12a8 8 0 0 1 14-5.3L20 9M20 4v5h-5M20 12a8 8 0 0 1-14 5.3L4 15M4 20v-5h5',
  apps: 'M12 3 4 7.5v9L12 21l8-4.5v-9L12 3ZM4 7.5l8 4.5 8-4.5M12 12v9',
};

/** The icon of a part of the console; the text beside it has its meaning. */
export function NavIcon({ section }: { section: Section }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="18" height="18" aria-hidden="true" focusable="false">
      <path d={PATHS[section]} />
    </svg>
  );
}

/**
 * Icons, drawn in the colour of the surrounding text.
 *
 * @module
 */

const PATHS = {
  mic: 'M12 15a3 3 0 0 0 3-3V6a3 3 0 1 0-6 0v6a3 3 0 0 0 3 3ZM6 11.5a6 6 0 0 0 12 0M12 17.5V21',
  'mic-off':
    'M4 4l16 16M9 9v3a3 3 0 0 0 4.6 2.5M15 10V6a3 3 0 0 0-5.7-1.3M6 11.5a6 6 0 0 0 9.6 4.8M18 11.5a6 6 0 0 1-.6 2.6M12 17.5V21',
  camera:
    'M4 7h10a1.5 1.5 0 0 1 1.5 1.5v7A1.5 1.5 0 0 1 14 17H4a1.5 1.5 0 0 1-1.5-1.5v-7A1.5 1.5 0 0 1 4 7ZM15.5 10.5 21.5 7.5v9l-6-3',
  'camera-off':
    'M4 4l16 16M8.5 7H14a1.5 1.5 0 0 1 1.5 1.5v5M13.5 17H4a1.5 1.5 0 0 1-1.5-1.5v-7A1.5 1.5 0 0 1 4 7M15.5 10.5l6-3v9l-3-1.5',
  sound: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5H4ZM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  'sound-off': 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5H4ZM16 9.5l5 5M21 9.5l-5 5',
  publish: 'M12 15V4.5M7.5 9 12 4.5 16.5 9M4.5 15v3.5A1.5 1.5 0 0 0 6 20h12a1.5 1.5 0 0 0 1.5-1.5V15',
  stop: 'M7 7h10v10H7Z',
  leave: 'M14 4.5h3.5A1.5 1.5 0 0 1 19 6v12a1.5 1.5 0 0 1-1.5 1.5H14M10 8l-4 4 4 4M6 12h9',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20a7.5 7.5 0 0 1 15 0',
  'add-user': 'M10 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM2.5 20a7.5 7.5 0 0 1 15 0M19 8v6M16 11h6',
  settings: 'M4 7h9M17 7h3M15 4.5v5M4 17h3M11 17h9M9 14.5v5',
  copy: 'M9 9h10.5v10.5H9ZM15 9V4.5H4.5V15H9',
  chevron: 'm7 10 5 5 5-5',
  alert: 'M12 4 2.5 20h19L12 4ZM12 10v5M12 17.5v.5',
} as const;

/** The name of an icon. */
export type IconName = keyof typeof PATHS;

/** A decorative icon; the adjacent text or label has its meaning. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

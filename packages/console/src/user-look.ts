/**
 * How a user is shown: a colour, initials, and generated names.
 *
 * @module
 */

import type { User } from './room-state.ts';

/** Returns the hue of an id, from 0 to 359; always the same for the same id. */
export function hueOf(id: string): number {
  let hash = 2166136261;
  for (const character of id) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  // Similar ids (ann-1, ann-2) must get different colours.
  return (Math.imul(hash ^ (hash >>> 15), 2246822519) >>> 0) % 360;
}

/** Returns one or two letters for a name. */
export function initialsOf(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter(Boolean);
  const letters = words.slice(0, 2).map((word) => [...word][0] ?? '');
  return letters.join('').toLocaleUpperCase() || '?';
}

const NAMES = [
  'Ada',
  'Björn',
  'Carmen',
  'Dina',
  'Emil',
  'Farah',
  'Goro',
  'Hana',
  'Ivo',
  'Jun',
  'Kaya',
  'Liam',
  'Mei',
  'Noor',
];

/** Generates a random user; repetitions are rare. */
export function inventUser(random: () => number = Math.random): User {
  const userName = NAMES[Math.floor(random() * NAMES.length)] ?? 'Ada';
  const plain = userName
    .normalize('NFD')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase();
  return { userId: `${plain}-${100 + Math.floor(random() * 900)}`, userName };
}

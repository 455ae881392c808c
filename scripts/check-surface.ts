/**
 * The call surfaces beside the vendors' declarations: how many members are present and assignable, which may only become
 * more, and whether the notes of the pages are right.
 *
 * @module
 */

import { countMembers, findNoteProblems, printCounts, readSurfaces, type Surface } from './surface/surfaces.ts';

function findFloorProblems(surface: Surface): string[] {
  const { id, floor } = surface.vendor;
  const counts = countMembers(surface);
  return (['present', 'assignable'] as const)
    .filter((kind) => counts[kind] < floor[kind])
    .map((kind) => `${id}: ${counts[kind]} members are ${kind}; there were ${floor[kind]}`);
}

/** Finds what is wrong with the call surfaces; prints their counts. */
export function findSurfaceProblems(): string[] {
  return Object.values(readSurfaces()).flatMap((surface) => {
    console.log(`       ${surface.vendor.id} surface: ${printCounts(surface)}`);
    return [...findFloorProblems(surface), ...findNoteProblems(surface)];
  });
}

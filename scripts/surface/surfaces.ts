/**
 * The surfaces of all vendors with what the notes say about each member.
 *
 * @module
 */

import { type ComparedMember, compareSurfaces } from './compare.ts';
import { REALTIMEKIT } from './realtimekit.ts';
import type { Note, Vendor } from './vendor.ts';
import { ZEGO } from './zego.ts';

/** A compared member with its note; names in the note win over `*`. */
export interface NotedMember extends ComparedMember {
  readonly note: Note | undefined;
}

/** A vendor's surface, compared. */
export interface Surface {
  readonly vendor: Vendor;
  /** Members that count. */
  readonly members: readonly NotedMember[];
  /** The vendor's inner workings; they are not counted. */
  readonly internal: readonly NotedMember[];
}

function listNames({ names }: Note): string[] {
  return names.trim().split(/\s+/);
}

function findNote(notes: readonly Note[], { title, name, verdict }: ComparedMember): Note | undefined {
  const ofTitle = notes.filter((note) => note.title === title);
  const own = ofTitle.find((note) => listNames(note).includes(name));
  return own ?? (verdict === 'assignable' ? undefined : ofTitle.find((note) => listNames(note).includes('*')));
}

/** Adds notes to compared members. */
export function addNotes(vendor: Vendor, compared: readonly ComparedMember[]): Surface {
  const noted = compared.map((member) => ({ ...member, note: findNote(vendor.notes, member) }));
  return {
    vendor,
    members: noted.filter(({ note }) => note?.state !== 'internal'),
    internal: noted.filter(({ note }) => note?.state === 'internal'),
  };
}

/** Finds notes about members that do not exist, notes that are not so, and members that need a note and have none. */
export function findNoteProblems({ vendor, members, internal }: Surface): string[] {
  const known = new Set([...members, ...internal].map(({ title, name }) => `${title}.${name}`));
  const unknown = vendor.notes.flatMap((note) =>
    listNames(note)
      .filter((name) => name !== '*' && !known.has(`${note.title}.${name}`))
      .map((name) => `${vendor.id}: a note is about ${note.title}.${name}, which the vendor does not have`),
  );
  const wrong = members.flatMap(({ title, name, verdict, note }) => {
    const isOwn = note !== undefined && listNames(note).includes(name);
    const key = `${vendor.id}: ${title}.${name}`;
    if (verdict !== 'assignable' && !note) return [`${key} is ${verdict} and has no note`];
    if (isOwn && verdict === 'absent' && note.state !== 'absent') return [`${key} is absent; its note says otherwise`];
    if (isOwn && verdict !== 'absent' && note.state === 'absent') return [`${key} exists; its note says otherwise`];
    return [];
  });
  return [...unknown, ...wrong];
}

/** How many members a surface has, and how many of them we have. */
export function countMembers({ members }: Surface): { total: number; present: number; assignable: number } {
  const count = (isMeant: (member: NotedMember) => boolean): number => members.filter(isMeant).length;
  return {
    total: members.length,
    present: count(({ verdict }) => verdict !== 'absent'),
    assignable: count(({ verdict }) => verdict === 'assignable'),
  };
}

/** Returns the counts as a sentence. */
export function printCounts(surface: Surface): string {
  const { total, present, assignable } = countMembers(surface);
  const percent = (part: number): string => `${((100 * part) / total).toFixed(1)} %`;
  return `${present} of ${total} members present (${percent(present)}), ${percent(assignable)} assignable`;
}

let surfaces: Readonly<Record<'zego' | 'realtimekit', Surface>> | undefined;

/** Compares both vendors once in a process; takes a few seconds. */
export function readSurfaces(): Readonly<Record<'zego' | 'realtimekit', Surface>> {
  if (!surfaces) {
    const [zego = [], realtimekit = []] = compareSurfaces([ZEGO, REALTIMEKIT]);
    surfaces = { zego: addNotes(ZEGO, zego), realtimekit: addNotes(REALTIMEKIT, realtimekit) };
  }
  return surfaces;
}

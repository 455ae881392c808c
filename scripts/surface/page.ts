/**
 * Prints the page of a vendor's surface: every member and event with its state.
 *
 * @module
 */

import { type NotedMember, printCounts, readSurfaces, type Surface } from './surfaces.ts';

function printState({ verdict, note }: NotedMember): string {
  if (verdict === 'absent') return 'no';
  if (note?.state === 'inactive') return 'not supported';
  return note || verdict === 'different' ? 'with limits' : 'yes';
}

function printNote({ verdict, note }: NotedMember): string {
  const typeDiffers = verdict === 'different' ? ["Its type differs from the vendor's."] : [];
  // A note on all absent members of a title says nothing about one that is there.
  if (!note || (note.state === 'absent' && verdict !== 'absent')) return typeDiffers.join(' ');
  const needs = 'needs' in note ? [`It would need ${note.needs}.`] : [];
  return [note.text, ...needs, ...typeDiffers].join(' ');
}

function printTitle(title: string, { members, internal }: Surface): string[] {
  const own = members.filter((member) => member.title === title);
  const hidden = internal.filter((member) => member.title === title);
  return [
    `## ${title}`,
    '',
    ...(own.length === 0
      ? []
      : [
          '| Member | There | Notes |',
          '|---|---|---|',
          ...own.map((member) => `| \`${member.name}\` | ${printState(member)} | ${printNote(member)} |`),
          '',
        ]),
    ...(hidden.length === 0
      ? []
      : [`Inner workings of the vendor, not counted: ${hidden.map(({ name }) => `\`${name}\``).join(', ')}.`, '']),
  ];
}

function printInner({ vendor: { inner = {} } }: Surface): string[] {
  const rows = Object.entries(inner).map(
    ([name, members]) =>
      `| \`${name}\` | ${members
        .split(' ')
        .map((member) => `\`${member}\``)
        .join(', ')} |`,
  );
  if (rows.length === 0) return [];
  return [
    '## Inner workings',
    '',
    'Members that the declarations show but that only the SDK of the vendor itself calls. They are neither there nor counted.',
    '',
    '| Class of the vendor | Members |',
    '|---|---|',
    ...rows,
    '',
  ];
}

function printSurface(surface: Surface): string {
  const { vendor } = surface;
  return [
    `# The surface of ${vendor.name}`,
    '',
    `<!-- Generated from scripts/surface/${vendor.id}.ts and the types by \`npm run docs\`; do not edit. -->`,
    '',
    `Every public member and event that \`${vendor.packageName}\` declares, and whether \`@gavel/client/${vendor.id}\` has it:`,
    `${printCounts(surface)}.`,
    '',
    "- **yes**: it is there, and its type can be assigned to the vendor's.",
    '- **with limits**: it is there; the note says what differs.',
    "- **not supported**: it can be called, and answers as the vendor's does where a service is not enabled; the note says why.",
    '- **no**: it is not there; the note says why.',
    '',
    ...vendor.pairs.flatMap(({ title }) => printTitle(title, surface)),
    ...printInner(surface),
  ].join('\n');
}

/** Returns the text of `docs/reference/zego-surface.md`. */
export function printZegoSurface(): string {
  return printSurface(readSurfaces().zego);
}

/** Returns the text of `docs/reference/realtimekit-surface.md`. */
export function printRealtimeKitSurface(): string {
  return printSurface(readSurfaces().realtimekit);
}

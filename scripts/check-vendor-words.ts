/**
 * Vendors' words: a vendor's name, code or operation must not appear outside that vendor's door. Comments are not
 * checked, so that they can name a reference.
 *
 * @module
 */

import { isTestFile, lineAt, readSources, type SourceFile, stripComments } from './lib.ts';

/** The folders that must not contain vendors' words. */
const NEUTRAL = [
  'packages/protocol/src',
  'packages/media/src',
  'packages/server/src/base',
  'packages/server/src/claims',
  'packages/server/src/rooms',
  'packages/server/src/owner',
  'packages/server/src/signalling',
  'packages/server/src/media-control',
];

const WORDS = [
  // Names.
  /zego/i,
  /realtime_?kit/i,
  /cloudflare/i,
  /\bdyte/i,
  // Operations.
  /\b(KickoutUser|Describe(User|Simple)\w+|Send(Broadcast|Barrage)Message|SendCustomCommand)\b/,
  // Codes: a client's (1002055, 1103061 ...) and a gateway's (100000005 ...).
  /\b1(00|10)[1-9]\d{3}\b/,
  /\b1000000\d\d\b/,
  // Names of wire fields.
  /custom_kickout_message|room_session_id|custom_participant_id/i,
];

/** Finds vendors' words in the code of one file. */
export function findVendorWords({ path, text }: SourceFile): string[] {
  // The name of a door identifies the caller, and is allowed as the value of `door`.
  const code = stripComments(text).replace(/\bdoor: [^;\n]*/g, (found) => ' '.repeat(found.length));
  return WORDS.flatMap((word) =>
    [...code.matchAll(new RegExp(word.source, `${word.flags}g`))].map(
      (match) => `${path}:${lineAt(code, match.index)} contains '${match[0]}', which belongs in the vendor's own door`,
    ),
  );
}

/** Finds vendors' words in the neutral folders. */
export function findVendorProblems(): string[] {
  return NEUTRAL.flatMap((folder) => readSources(folder, /\.ts$/))
    .filter((file) => !isTestFile(file.path))
    .flatMap(findVendorWords);
}

/**
 * Prints `docs/reference/zego-return-codes.md` from the table of codes and the Actions.
 *
 * @module
 */

import { codesOfAction } from './actions/action.ts';
import { ACTIONS } from './actions/registry.ts';
import { CODES, MEDIA_CODES, PUBLIC_CODES, type ReturnCode, ROOM_CODES } from './codes.ts';

/** The public codes that Gavel answers to calls of any Action. */
const ANSWERED_TO_ANY: ReadonlySet<ReturnCode> = new Set([
  CODES.success,
  CODES.appIdMalformed,
  CODES.timestampEmpty,
  CODES.timestampMalformed,
  CODES.signatureExpired,
  CODES.signatureWrong,
  CODES.actionEmpty,
  CODES.actionNotSupported,
  CODES.nonceEmpty,
  CODES.signatureEmpty,
  CODES.serverSecretNotFound,
  CODES.bodyUnreadable,
  CODES.signatureVersionEmpty,
  CODES.signatureVersionNotSupported,
]);

function answeredBy(code: ReturnCode): string {
  if (code === CODES.serviceNotEnabled) return 'Actions of services that Gavel does not have';
  if (ANSWERED_TO_ANY.has(code)) return 'any Action';
  const names = ACTIONS.filter((action) => codesOfAction(action).includes(code)).map((action) => action.name);
  if (names.length === ACTIONS.length) return 'any Action';
  return names.length > 0 ? names.join(', ') : '-';
}

function printTable(codes: Readonly<Record<string, ReturnCode>>): string[] {
  return [
    '| Code | Meaning | Answered by |',
    '|---|---|---|',
    ...Object.values(codes).map((code) => `| ${code.code} | ${code.meaning} | ${answeredBy(code)} |`),
  ];
}

/** Prints the page. */
export function printReturnCodeReference(): string {
  return [
    '# ZEGO Server API: return codes',
    '',
    '<!-- Generated from packages/server/src/zego; do not edit. -->',
    '',
    'Every code of the public table and of the room family. `-` marks the codes that Gavel never answers: they belong to',
    'features that it does not have, or to errors that cannot occur. All come with HTTP status 200.',
    '',
    '## Public codes',
    '',
    ...printTable(PUBLIC_CODES),
    '',
    '## Codes of the room family',
    '',
    ...printTable(ROOM_CODES),
    '',
    '## Codes of the media-service family',
    '',
    'The codes that Gavel answers. 1 and 2 have the same meaning as in the room family.',
    '',
    ...printTable(MEDIA_CODES),
    '',
  ].join('\n');
}

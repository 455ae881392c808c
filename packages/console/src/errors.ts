/**
 * Errors in plain words.
 *
 * @module
 */

/** An error for people: what happened, and the SDK's code where there is one. */
export interface PlainError {
  readonly code: number | undefined;
  readonly text: string;
}

const TEXTS: Readonly<Record<number, string>> = {
  1001004: 'There is no such App id on this server.',
  1002006: 'The user id has characters that are not allowed.',
  1002007: 'The user id is too long (at most 64 bytes).',
  1002010: 'The user name is too long (at most 256 bytes).',
  1002012: 'The room id has characters that are not allowed.',
  1002013: 'The room id is too long (at most 128 bytes).',
  1002031: 'The server did not answer the login in time.',
  1002033: 'The token was refused.',
  1002034: 'The room is full.',
  1002053: 'The server could not be reached.',
  1002066: 'This user is banned from the room.',
  1003025: 'This user may not publish.',
  1003028: 'Another user holds this stream id.',
  1004002: 'The stream does not exist any more.',
  1009001: 'The message is empty.',
  1009002: 'The message is too long (at most 1,024 bytes).',
  1009013: 'The message is too long (at most 1,024 bytes).',
  1009015: 'Too many messages: two a second is the limit.',
  1100002: 'The server did not answer in time.',
  1102016: 'The token was refused.',
  1102018: 'The token has expired.',
  1102020: 'The login was refused.',
  1102023: 'The media server could not be reached.',
  1103030: 'The media connection could not be negotiated.',
  1109001: 'Too many messages: wait a moment.',
};

/** What browsers say when a camera cannot be had; the SDK passes their words on. */
const CAPTURE_TEXTS = [
  [/denied|not allowed|dismissed/i, 'The browser was not allowed to use the camera or microphone.'],
  [/not found|no .*device/i, 'No camera or microphone was found on this device.'],
  [/could not start|in use|failed to allocate/i, 'The camera or microphone is in use by another program.'],
] as const;

function describeCapture(told: string): string {
  return CAPTURE_TEXTS.find(([pattern]) => pattern.test(told))?.[1] ?? told;
}

/** Returns the plain words for a code of the SDK. */
export function describeCode(code: number): string {
  return TEXTS[code] ?? `The SDK answered with code ${code}.`;
}

/** Returns the plain words for anything that was thrown or rejected: SDK errors, browser errors, others. */
export function describeError(error: unknown): PlainError {
  if (typeof error === 'object' && error !== null) {
    if ('errorCode' in error && typeof error.errorCode === 'number') {
      const known = TEXTS[error.errorCode];
      const told = 'extendedData' in error && typeof error.extendedData === 'string' ? error.extendedData : '';
      return { code: error.errorCode, text: known ?? (describeCapture(told) || describeCode(error.errorCode)) };
    }
    if (error instanceof Error) return { code: undefined, text: error.message };
  }
  return { code: undefined, text: String(error) };
}

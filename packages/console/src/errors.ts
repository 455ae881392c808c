/**
 * User-facing error messages.
 *
 * @module
 */

/** A user-facing error: the message, and the SDK's code if there is one. */
export interface PlainError {
  readonly code: number | undefined;
  readonly text: string;
}

const TEXTS: Readonly<Record<number, string>> = {
  1001004: 'The server has no App with this id.',
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
  1003028: 'Another user publishes a stream with this id.',
  1004002: 'The stream no longer exists.',
  1009001: 'The message is empty.',
  1009002: 'The message is too long (at most 1,024 bytes).',
  1009013: 'The message is too long (at most 1,024 bytes).',
  1009015: 'Too many messages: the limit is two per second.',
  1100002: 'The server did not answer in time.',
  1102016: 'The token was refused.',
  1102018: 'The token has expired.',
  1102020: 'The login was refused.',
  1102023: 'The media server could not be reached.',
  1103030: 'The media connection could not be negotiated.',
  1109001: 'Too many messages: wait a moment.',
};

/** Error messages of browsers that refuse a camera; the SDK passes them on. */
const CAPTURE_TEXTS = [
  [/denied|not allowed|dismissed/i, 'The browser was not allowed to use the camera or microphone.'],
  [/not found|no .*device/i, 'No camera or microphone was found on this device.'],
  [/could not start|in use|failed to allocate/i, 'The camera or microphone is in use by another program.'],
] as const;

function describeCapture(message: string): string {
  return CAPTURE_TEXTS.find(([pattern]) => pattern.test(message))?.[1] ?? message;
}

/** Returns the user-facing message for a code of the SDK. */
export function describeCode(code: number): string {
  return TEXTS[code] ?? `The SDK reported the code ${code}.`;
}

/** Converts any thrown or rejected value to a user-facing error: SDK errors, browser errors, others. */
export function describeError(error: unknown): PlainError {
  if (typeof error === 'object' && error !== null) {
    if ('errorCode' in error && typeof error.errorCode === 'number') {
      const known = TEXTS[error.errorCode];
      const message = 'extendedData' in error && typeof error.extendedData === 'string' ? error.extendedData : '';
      return { code: error.errorCode, text: known ?? (describeCapture(message) || describeCode(error.errorCode)) };
    }
    if (error instanceof Error) return { code: undefined, text: error.message };
  }
  return { code: undefined, text: String(error) };
}

import { MEMBER_CAUSES } from '@gavel/protocol/causes';
import { ERRORS } from '@gavel/protocol/errors';
import { expect, test } from 'vitest';
import { DELETE_REASON_OF_CAUSE, kickoutExtendedData, ROOM_END_OF_CAUSE } from './causes.ts';
import { CODE_OF_ERROR } from './errors.ts';

test('every cause of an exit has its code, and final ones are KICKOUT (reference zego 4.5)', () => {
  const table = MEMBER_CAUSES.map((cause) => {
    const { reason, errorCode } = ROOM_END_OF_CAUSE[cause];
    return [cause, reason, errorCode];
  });
  expect(table).toEqual([
    ['logout', 'LOGOUT', 0],
    ['heartbeat-timeout', 'RECONNECT_FAILED', 1002053],
    ['connection-lost', 'RECONNECT_FAILED', 1002053],
    ['kicked', 'KICKOUT', 1002055],
    ['room-closed', 'KICKOUT', 1002055],
    ['replaced', 'KICKOUT', 1002050],
    ['token-expired', 'KICKOUT', 1102018],
  ]);
});

test('stream_delete_reason has the observed codes and descriptions (reference zego 3.9)', () => {
  const table = Object.entries(DELETE_REASON_OF_CAUSE).map(([cause, { code, description }]) => [
    cause,
    code,
    description,
  ]);
  expect(table).toEqual([
    ['stopped', 1, 'user_stop_publishing_stream_normal'],
    ['deleted', 6, 'remove_by_server'],
    ['forbidden', 6, 'remove_by_server'],
    ['heartbeat-timeout', 2, 'user_heart_beat_timeout'],
    ['media-failed', 2, 'user_heart_beat_timeout'],
    ['connection-lost', 5, 'user_offline'],
    ['kicked', 4, 'user_kicked_out'],
    ['room-closed', 0, 'unknown'],
    ['replaced', 3, 'user_repeat_login'],
    ['token-expired', 4, 'user_kicked_out'],
  ]);
});

test('every error of the protocol has a number of its own kind', () => {
  for (const code of Object.keys(ERRORS)) {
    expect(CODE_OF_ERROR[code as keyof typeof CODE_OF_ERROR], code).toBeGreaterThan(1_000_000);
  }
});

test('a custom text is passed on as it is; without one the client has its own (KICK-11)', () => {
  expect(kickoutExtendedData('kicked', 'a"b')).toBe('{"custom_kickout_message":"a\\"b"}');
  expect(kickoutExtendedData('replaced', '')).toBe(
    '{"custom_kickout_message":"kickout may be the same user ID login other; kickout reason: 1"}',
  );
});

import { describe, expect, it } from 'vitest';
import { sendSigned, signCall, toSignRequest } from './signing.ts';

const respond = (body: string, status = 200) => Promise.resolve(new Response(body, { status }));
const kick = { kind: 'kick', roomId: 'r', userId: 'a' } as const;

describe('toSignRequest', () => {
  it('names the user, the room and the reason of a kick', () => {
    expect(toSignRequest(kick, 'spam 垃圾 🙂')).toEqual({
      action: 'KickoutUser',
      params: { RoomId: 'r', 'UserId[]': ['a'], CustomReason: 'spam 垃圾 🙂' },
    });
  });

  it('leaves out an empty reason', () => {
    expect(toSignRequest({ kind: 'close', roomId: 'r' }, '').params).toEqual({ RoomId: 'r' });
  });

  it('deletes a stream in the name of somebody who is not in the room, so that everyone is told', () => {
    expect(toSignRequest({ kind: 'delete-stream', roomId: 'r', streamId: 's' }, 'why')).toEqual({
      action: 'DeleteStream',
      params: { RoomId: 'r', UserId: 'playground-moderator', StreamId: 's' },
    });
  });
});

describe('signCall', () => {
  it('posts the call and gives the path', async () => {
    let sent: unknown;
    const path = await signCall(kick, '', (url, init) => {
      sent = [url, init?.method, JSON.parse(String(init?.body))];
      return respond('{"path":"/?Action=KickoutUser&Signature=x"}');
    });
    expect(path).toBe('/?Action=KickoutUser&Signature=x');
    expect(sent).toEqual([
      '/playground/sign',
      'POST',
      { action: 'KickoutUser', params: { RoomId: 'r', 'UserId[]': ['a'] } },
    ]);
  });

  it.each([
    ['{"error":"not in production"}', 403, 'not in production'],
    ['<html>', 502, 'HTTP 502'],
    ['{"path":"https://elsewhere.example/"}', 200, 'HTTP 200'],
  ])('refuses %s', async (body, status, text) => {
    await expect(signCall(kick, '', () => respond(body, status))).rejects.toThrow(text);
  });
});

describe('sendSigned', () => {
  it('gives Code, Message, RequestId and the time it took', async () => {
    const times = [100, 112];
    const answer = await sendSigned(
      '/?Action=KickoutUser',
      () => respond('{"Code":0,"Message":"success","RequestId":"42"}'),
      () => times.shift() ?? 0,
    );
    expect(answer).toEqual({ httpStatus: 200, code: 0, message: 'success', requestId: '42', durationMs: 12 });
  });

  it('shows an answer of another shape as it came', async () => {
    const answer = await sendSigned(
      '/',
      () => respond('Bad gateway', 502),
      () => 0,
    );
    expect(answer).toEqual({ httpStatus: 502, code: undefined, message: 'Bad gateway', requestId: '', durationMs: 0 });
  });
});

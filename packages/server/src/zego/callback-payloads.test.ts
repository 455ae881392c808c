import { MEMBER_CAUSES, type MemberId, streamCauseOf } from '@gavel/protocol';
import { describe, expect, it } from 'vitest';
import type { App } from '../apps/app.ts';
import type { EventBatch } from '../owner/rooms.ts';
import type { RoomEvent } from '../rooms/events.ts';
import { payloadOf, sessionIdOf } from './callback-payloads.ts';
import { signCallback } from './callback-signature.ts';
import { CLOSE_REASONS, LOGOUT_REASONS, STREAM_CLOSE_TYPES } from './causes.ts';
import { EndedPublishes } from './ended-publishes.ts';

describe('session_id', () => {
  it('is the first 60 bits of the member’s id, as decimal text', () => {
    expect(sessionIdOf('ffffffff-ffff-4fff-bfff-ffffffffffff' as MemberId)).toBe(String(0xffff_ffff_ffff_4ffn));
    expect(sessionIdOf('00000000-0000-1000-8000-000000000000' as MemberId)).toBe(String(0x100n));
  });
});

describe('the tables of causes', () => {
  it('have a code for every cause, out of the vendor’s lists (KICK-7, CLOSE-3, STRM-5)', () => {
    for (const cause of MEMBER_CAUSES) {
      expect([0, 1, 2, 3, 4]).toContain(LOGOUT_REASONS[cause]);
      expect([0, 1, 2, 3]).toContain(CLOSE_REASONS[cause]);
      expect([0, 1, 2, 3, 4, 5, 100]).toContain(STREAM_CLOSE_TYPES[streamCauseOf(cause)]);
    }
    expect([LOGOUT_REASONS.kicked, CLOSE_REASONS.kicked, STREAM_CLOSE_TYPES.kicked]).toEqual([3, 3, 3]);
    expect([LOGOUT_REASONS['room-closed'], CLOSE_REASONS['room-closed'], STREAM_CLOSE_TYPES['room-closed']]).toEqual([
      3, 0, 5,
    ]);
    expect([LOGOUT_REASONS['token-expired'], STREAM_CLOSE_TYPES.deleted, STREAM_CLOSE_TYPES.forbidden]).toEqual([
      4, 100, 100,
    ]);
  });
});

it('is signed with the earlier callback secret until the overlap is over, then with the new one (SEC-2)', () => {
  const earlierSecrets = [{ kind: 'callback', secret: 'old', validUntilMs: 10_000 }] as const;
  const app = { appId: 1, serverSecret: 's', callbackSecret: 'new', earlierSecrets } as unknown as App;
  const signerOf = (atMs: number): string | undefined => {
    const event = { type: 'roomCreated', creator: { id: 'ann', name: 'Ann' }, atMs } as unknown as RoomEvent;
    const batch = { key: { roomId: 'r' }, epoch: '1', events: [event] } as unknown as EventBatch;
    const fields = payloadOf(app, batch, event, new EndedPublishes())?.fields as Record<string, unknown>;
    const { timestamp, nonce, signature } = fields;
    return ['new', 'old'].find((secret) => signCallback(secret, String(timestamp), String(nonce)) === signature);
  };
  expect([signerOf(9_999), signerOf(10_000)]).toEqual(['old', 'new']);
});

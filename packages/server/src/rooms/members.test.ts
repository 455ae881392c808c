import type { MemberId, StreamId } from '@gavel/protocol';
import { describe, expect, it } from 'vitest';
import { eventsOf } from './events.ts';
import type { Permissions } from './member.ts';
import { openRoom } from './testing.ts';

const PLAIN: Permissions = { publishAudio: true, publishVideo: true };
const HOST: Permissions = { ...PLAIN, rename: true, moderation: { pin: true } };
const only = (memberId: MemberId) => [{ label: memberId, userIds: [], memberIds: [memberId] }];
const pin = (by: MemberId, target: MemberId, pinned = true) =>
  ({ type: 'pin', by, targets: only(target), pinned }) as const;
const refusal = (code: string) => expect.objectContaining({ code });

describe('pins', () => {
  it('need the right to, for others and for oneself (PIN-1)', () => {
    const { room, join } = openRoom();
    const [host, ann] = [join('host', { permissions: HOST }), join('ann')];
    expect(() => room.apply(pin(ann, host))).toThrow(refusal('member.not-allowed'));
    expect(() => room.apply(pin(ann, ann))).toThrow(refusal('member.not-allowed'));
    expect(() => room.apply(pin(host, 'nobody' as MemberId))).toThrow(refusal('room.member-not-found'));
    room.apply(pin(host, host));
    expect(room.findMemberInfo(host)?.pinned).toBe(true);
  });

  it('are facts of the members, several at once, told when they change and only then (PIN-2)', () => {
    const { room, join } = openRoom();
    const [host, ann, ben] = [join('host', { permissions: HOST }), join('ann'), join('ben')];
    const [updated] = eventsOf(room.apply(pin(host, ann)), 'memberUpdated');
    expect([updated?.member.memberId, updated?.member.pinned]).toEqual([ann, true]);
    expect(room.apply(pin(host, ann))).toEqual([]);
    room.apply(pin(host, ben));
    const pinned = () => room.snapshot().members.flatMap((member) => (member.pinned ? member.memberId : []));
    expect(pinned()).toEqual([ann, ben]);
    room.apply(pin(host, ann, false));
    room.apply({ type: 'logout', memberId: ben });
    expect(pinned()).toEqual([]);
  });
});

describe('a name', () => {
  it('is changed by its owner, who has the right to (NAME-1)', () => {
    const { room, join } = openRoom();
    const [host, ann] = [join('host', { permissions: HOST }), join('ann')];
    const rename = (memberId: MemberId, name: string) => room.apply({ type: 'rename', memberId, name });
    expect(() => rename(ann, 'Anna')).toThrow(refusal('member.not-allowed'));
    const [updated] = eventsOf(rename(host, 'Hanna'), 'memberUpdated');
    expect(updated?.member.user).toEqual({ id: 'host', name: 'Hanna' });
    expect(rename(host, 'Hanna')).toEqual([]);
  });

  it('goes over to the streams of its owner, and into what it says (NAME-1)', () => {
    const { room, join, publish } = openRoom();
    const host = join('host', { permissions: HOST });
    join('ann');
    publish(host, 's');
    room.apply({ type: 'rename', memberId: host, name: 'Hanna' });
    expect(room.findStream('s' as StreamId)?.user.name).toBe('Hanna');
    publish(host, 't');
    expect(room.findStream('t' as StreamId)?.user.name).toBe('Hanna');
  });
});

describe('what applications tell each other', () => {
  const openTold = () => {
    const { room, join } = openRoom();
    const inGroup = (presetName: string) => ({ profile: { presetName } });
    const [ann, ben, cem] = [join('ann'), join('ben', inGroup('host')), join('cem', inGroup('guest'))];
    const tell = (to?: { to?: MemberId[]; toProfile?: { key: string; values: string[] } }) => {
      const message = { messageType: 'wave', payload: { hello: 1 }, ...to };
      const [event] = eventsOf(room.apply({ type: 'sendCustom', memberId: ann, ...message }), 'customMessage');
      return event;
    };
    return { room, ann, ben, cem, tell };
  };

  it('goes to everybody, to those named, to those of a profile, or to both (CUST-1)', () => {
    const { ann, ben, cem, tell } = openTold();
    expect(tell()).toMatchObject({ member: { memberId: ann }, messageType: 'wave', payload: { hello: 1 } });
    expect(tell()?.to).toBeUndefined();
    expect(tell({ to: [ben] })?.to).toEqual([ben]);
    const guests = { key: 'presetName', values: ['guest', 'other'] };
    expect(tell({ toProfile: guests })?.to).toEqual([cem]);
    expect(tell({ to: [ben], toProfile: guests })?.to).toEqual([ben, cem]);
    expect(tell({ toProfile: { key: 'presetName', values: ['nobody'] } })?.to).toEqual([]);
  });

  it('is answered as to somebody absent where one who is named is hidden (CUST-1, HIDE-1)', () => {
    const { room, join } = openRoom();
    const ann = join('ann');
    const spy = join('spy', { permissions: { ...PLAIN, hidden: true } });
    const message = { type: 'sendCustom', memberId: ann, messageType: 'wave', payload: {} } as const;
    expect(() => room.apply({ ...message, to: [spy] })).toThrow(refusal('room.member-not-found'));
    expect(() => room.apply({ ...message, memberId: spy })).toThrow(refusal('member.not-allowed'));
  });

  it('is refused where one who is named is not in, and to who is not in any more (CUST-1)', () => {
    const { room, ann, ben, tell } = openTold();
    const ghost = 'ghost' as MemberId;
    expect(() => tell({ to: [ben, ghost] })).toThrow(
      expect.objectContaining({ code: 'room.member-not-found', details: { label: ghost } }),
    );
    room.apply({ type: 'replace', memberIds: [ann] });
    expect(room.findMember(ann)).toBeUndefined();
    expect(() => tell()).toThrow(refusal('room.member-not-found'));
  });
});

import { expect, test } from 'vitest';
import type { EventBatch } from '../owner/event-feed.ts';
import { KEY, kick, login, ORIGIN, openRoom } from '../rooms/testing.ts';
import { FanOut, type Receiver } from './fan-out.ts';

/** A receiver that lists what is written to its socket: the names of the events of each write. */
function createReceiver(userId: string) {
  const writes: string[][] = [];
  let kept: string[] | undefined;
  const receiver: Receiver = {
    connectionId: `connection-of-${userId}`,
    send(frame) {
      const { event } = JSON.parse(frame.toString('utf8', frame.indexOf('{'))) as { readonly event: string };
      if (kept) kept.push(event);
      else writes.push([event]);
    },
    cork() {
      kept = [];
    },
    uncork() {
      if (kept) writes.push(kept);
      kept = undefined;
    },
    close: (_code, reason) => void writes.push([`closed: ${reason}`]),
  };
  return { receiver, writes };
}

function open() {
  const { room, publish } = openRoom();
  const fanOut = new FanOut();
  const deliver = (events: EventBatch['events']): void =>
    fanOut.handle({ key: KEY, epoch: room.epoch, origin: ORIGIN, events });
  const join = (userId: string) => {
    const { receiver, writes } = createReceiver(userId);
    fanOut.register(receiver);
    const events = room.apply(login(userId));
    deliver(events);
    writes.length = 0;
    const [joined] = events.flatMap((event) => (event.type === 'memberJoined' ? event.member.memberId : []));
    if (joined === undefined) throw new Error('no memberJoined');
    return { writes, memberId: joined };
  };
  return { room, publish, deliver, join };
}

test('what a kick of a publisher means for another member is one write', () => {
  const { room, publish, deliver, join } = open();
  const publisher = join('publisher');
  const viewer = join('viewer');
  for (const streamId of ['camera', 'screen']) publish(publisher.memberId, streamId, streamId as 'camera');
  deliver(room.apply(kick('publisher')));
  expect(publisher.writes.at(-1)).toEqual(['closed: kicked']);
  expect(viewer.writes).toEqual([['streamRemoved', 'streamRemoved', 'memberLeft']]);
});

test('a batch of very many events is written event by event, so that it does not look like a slow reader', () => {
  const { room, publish, deliver, join } = open();
  const publisher = join('publisher');
  const viewer = join('viewer');
  for (let index = 0; index < 20; index += 1) publish(publisher.memberId, `stream-${index}`);
  deliver(room.apply(kick('publisher')));
  expect(viewer.writes).toEqual([...Array(20).fill(['streamRemoved']), ['memberLeft']]);
});

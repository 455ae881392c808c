import { GavelError, type StreamId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { beforeEach, expect, test } from 'vitest';
import { MemoryClaims } from '../claims/memory-claims.ts';
import { KEY } from '../rooms/testing.ts';
import { OwnedClaims } from './owned-claims.ts';

const CAM = 'cam' as StreamId;

let memory: MemoryClaims;
let clock: FakeClock;
let isGone: boolean;
let mayDecide: boolean;
let hasStream: boolean;
let claims: OwnedClaims;
beforeEach(() => {
  memory = new MemoryClaims();
  clock = new FakeClock();
  [isGone, mayDecide, hasStream] = [false, true, false];
  claims = new OwnedClaims({
    claims: {
      rooms: memory.rooms,
      streams: {
        claim: async (...claim) => memory.streams.claim(...claim),
        async release(...release) {
          if (isGone) throw new GavelError('server.node-unavailable');
          memory.streams.release(...release);
        },
      },
    },
    ...{ maxStreamsPerApp: 0, clock },
    hasStream: () => hasStream,
    hasRoom: () => true,
    mayDecide: () => mayDecide,
    report: (error) => expect.fail(String(error)),
  });
});

const settle = () => new Promise((resolve) => setImmediate(resolve));
/** Claims the id for a stream that ends while the node that stores the claim cannot be reached. */
async function endUnreached(): Promise<void> {
  const claim = claims.claimStream(KEY, CAM);
  await claim?.verdict;
  isGone = true;
  claim?.settle();
  await settle();
  isGone = false;
}
const isFree = () => memory.streams.claim(KEY, CAM, 'other' as never, 0) === 'granted';

test('what a command has claimed is told until it is decided (CLUS-8)', async () => {
  const claim = claims.claimStream(KEY, CAM);
  expect(claims.pendingOf(KEY.appId).streams).toMatchObject([{ streamId: CAM, roomId: KEY.roomId }]);
  expect(claims.pendingOf(9 as never).streams).toEqual([]);
  await claim?.verdict;
  claim?.settle();
  expect(claims.pendingOf(KEY.appId).streams).toEqual([]);
});

test('a claim whose end did not arrive is ended later (CLUS-8, STRM-6)', async () => {
  await endUnreached();
  clock.advance(1000);
  await settle();
  expect(isFree()).toBe(true);
});

test('a claim is not ended later if the room uses it again, or has another owner (CLUS-8, STRM-6)', async () => {
  await endUnreached();
  hasStream = true;
  clock.advance(1000);
  await settle();
  expect(isFree()).toBe(false);
  hasStream = false;
  await endUnreached();
  mayDecide = false;
  clock.advance(1000);
  await settle();
  expect(isFree()).toBe(false);
});

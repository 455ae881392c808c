import { expect, it, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeTrack } from '../testing/fake-media.ts';
import { loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

async function join() {
  const world = createWorld();
  world.server.login = loginResult({
    room: snapshot({ members: [member('m-me'), member('m-ann')], streams: [stream('rtk-m-ann', 'm-ann')] }),
  });
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  await meeting.join();
  await settle();
  return { world, meeting };
}

it('tells when media flows and when it was lost, but not while it connects for the first time', async () => {
  const { world, meeting } = await join();
  const log: unknown[] = [];
  meeting.meta.on('mediaConnectionUpdate', ({ transport, state }) => log.push([transport, state]));
  await meeting.self.enableAudio(new FakeTrack('audio') as unknown as MediaStreamTrack);
  await settle();
  expect([meeting.meta.mediaState, log]).toEqual([{ send: { state: 'new' }, recv: { state: 'new' } }, []]);
  world.media.peer.become('connected');
  world.media.peer.become('failed');
  expect(log).toEqual([
    ['recv', 'connected'],
    ['send', 'connected'],
    ['recv', 'reconnecting'],
    ['send', 'reconnecting'],
  ]);
  expect(meeting.meta.mediaState).toEqual({ send: { state: 'reconnecting' }, recv: { state: 'reconnecting' } });
});

it('stores the tab that the page shows, and tells the page', async () => {
  const { meta } = (await join()).meeting;
  const [tab, broadcasts] = [vi.fn(), vi.fn()];
  meta.on('selfTabUpdate', tab).on('broadcastTabChangesUpdate', broadcasts);
  expect(meta.selfActiveTab).toBeUndefined();
  meta.setSelfActiveTab({ type: 'screenshare', id: 'm-ann' }, 0);
  meta.setBroadcastTabChanges(true);
  expect(meta.selfActiveTab).toEqual({ type: 'screenshare', id: 'm-ann' });
  expect(tab).toHaveBeenCalledWith({ type: 'screenshare', id: 'm-ann' });
  expect(broadcasts).toHaveBeenCalledWith(true);
  expect(meta.broadcastTabChanges).toBe(true);
});

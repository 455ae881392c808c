import { afterEach, expect, test, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeDevices } from '../testing/fake-devices.ts';
import { FakeStream, FakeTrack } from '../testing/fake-media.ts';
import { loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';

afterEach(() => void vi.unstubAllGlobals());

const NO_VIDEO = { answer: 'v=0', audio: true, video: false, unsupported: ['video'] } as const;

async function join(log: unknown[]) {
  const world = createWorld();
  vi.stubGlobal('navigator', new FakeDevices(world.clock).navigator);
  world.server.login = loginResult({
    room: snapshot({ members: [member('m-ann', 'ann')], streams: [stream('s1', 'ann', { memberId: 'm-ann' })] }),
  });
  world.server.answers.publish = () => ({ ...NO_VIDEO });
  world.server.answers.play = () => ({ ...NO_VIDEO });
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  meeting.participants.joined.on('mediaUnsupported', ({ userId }, event) => log.push([userId, event]));
  meeting.self.on('mediaUnsupported', (event) => log.push(['self', event]));
  await meeting.join();
  await settle();
  return { world, meeting };
}

test('a participant whose codec this browser does not have raises mediaUnsupported (MED-8)', async () => {
  const log: unknown[] = [];
  await join(log);
  expect(log).toEqual([['ann', { kind: 'video', source: 'camera' }]]);
});

test('the own user whose codec the server does not forward raises mediaUnsupported (MED-8)', async () => {
  const log: unknown[] = [];
  const { world, meeting } = await join(log);
  log.length = 0;
  const enabled = meeting.self.enableVideo();
  await world.clock.advance(1_000);
  await enabled;
  expect(log).toEqual([['self', { kind: 'video', source: 'camera' }]]);
});

test('an own screen whose codec the server does not forward raises mediaUnsupported (MED-8)', async () => {
  const log: unknown[] = [];
  const { world, meeting } = await join(log);
  log.length = 0;
  const getDisplayMedia = async () => new FakeStream([new FakeTrack('video', 'screen-video')]);
  vi.stubGlobal('navigator', { mediaDevices: { getDisplayMedia } });
  const shared = meeting.self.enableScreenShare();
  await settle();
  world.media.peer.become('connected');
  await shared;
  expect(log).toEqual([['self', { kind: 'video', source: 'screen' }]]);
});

test('the own user learns of a kind that another participant cannot decode, by viewerUnsupported (MED-8)', async () => {
  const { world, meeting } = await join([]);
  const log: unknown[] = [];
  meeting.self.on('viewerUnsupported', (event) => log.push(event));
  const enabled = meeting.self.enableVideo();
  await world.clock.advance(1_000);
  await enabled;
  const [{ streamId } = { streamId: '' }] = world.server.seen('publish');
  await world.server.push({ event: 'viewerUnsupported', streamId, kinds: ['video'] });
  expect(log).toEqual([{ kind: 'video', source: 'camera' }]);
});

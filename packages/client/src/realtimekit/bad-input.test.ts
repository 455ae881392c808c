import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeDevices } from '../testing/fake-devices.ts';
import { loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';
import { EventEmitter } from './event-emitter.ts';

type World = ReturnType<typeof createWorld>;
type Method = (...args: unknown[]) => unknown;

let world: World;
let devices: FakeDevices;
const unhandled = vi.fn();

beforeEach(() => {
  world = createWorld();
  devices = new FakeDevices(world.clock);
  vi.stubGlobal('navigator', devices.navigator);
  unhandled.mockReset();
  process.on('unhandledRejection', unhandled);
});
afterEach(() => {
  vi.unstubAllGlobals();
  process.off('unhandledRejection', unhandled);
});

async function create() {
  world.server.login = loginResult({
    room: snapshot({ members: [member('m-me'), member('m-ann')], streams: [stream('rtk-m-ann', 'm-ann')] }),
  });
  return RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
}

/** Runs a call that may wait for the fake clock; returns its error. A call that waits for the network goes on. */
async function run(call: unknown): Promise<unknown> {
  let error: unknown;
  Promise.resolve(call).catch((thrown: unknown) => {
    error = thrown;
  });
  for (let step = 0; step < 5; step += 1) {
    await world.clock.advance(0);
    await settle();
  }
  return error;
}

/** The methods for applications: those of the class and of its bases, except the emitter's and what the client itself calls. */
function methodsOf(target: object): [name: string, method: Method][] {
  const found = new Map<string, Method>();
  let level: object | null = Object.getPrototypeOf(target);
  while (level && level !== EventEmitter.prototype && level !== Object.prototype) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      const isOwn = /^(constructor|handle|attach|detach|measure|isSubscribedTo|streamIdOf)/.test(name);
      if (typeof value === 'function' && !isOwn && !found.has(name)) found.set(name, value.bind(target));
    }
    level = Object.getPrototypeOf(level);
  }
  return [...found];
}

/** The objects of a meeting, by name. */
async function partsOf(meeting: RealtimeKitClient): Promise<[name: string, part: object][]> {
  const { self, participants, polls, chat, meta, recording, connectedMeetings, stores, audio, stage, plugins, ai } =
    meeting;
  const ann = participants.all.get('m-ann');
  const store = await stores.create('notes');
  const parts = {
    self,
    participants,
    polls,
    chat,
    meta,
    recording,
    connectedMeetings,
    stores,
    store,
    audio,
    stage,
    plugins,
    ai,
    pip: participants.pip,
  };
  return [...Object.entries(parts), ...(ann ? [['participant', ann] as [string, object]] : [])];
}

/** What an application may pass by mistake. */
const BAD: readonly unknown[] = [undefined, null, 7, '', 'text', true, {}, [], [7], () => {}, Symbol('bad')];

/** Calls every method of a meeting with every bad argument; returns the outcomes that no application can handle. */
async function callEverything(meeting: RealtimeKitClient): Promise<string[]> {
  const wrong: string[] = [];
  for (const [part, target] of await partsOf(meeting)) {
    for (const [name, method] of methodsOf(target)) {
      for (const bad of BAD) {
        let error: unknown;
        try {
          error = await run(method(bad, bad, bad));
        } catch (thrown) {
          error = thrown;
        }
        const isTold = error === undefined || /^\d{4}$/.test(String((error as { code?: unknown }).code));
        if (!isTold) wrong.push(`${part}.${name}(${String(bad)}): ${String(error)}`);
      }
    }
  }
  return wrong;
}

describe('every method, with arguments of every wrong type', () => {
  it('resolves or has an error with a code before the join, in the room, and after the end; no device stays open (PRIV-1)', async () => {
    const meeting = await create();
    expect(await callEverything(meeting)).toEqual([]);
    await meeting.leave();
    expect(devices.live()).toEqual([]);

    await run(meeting.join());
    expect(meeting.self.roomJoined).toBe(true);
    expect(await callEverything(meeting)).toEqual([]);

    await meeting.leave();
    await settle();
    expect(devices.live()).toEqual([]);
    expect(await callEverything(meeting)).toEqual([]);
    await meeting.leave();
    expect(devices.live()).toEqual([]);
    expect(unhandled).not.toHaveBeenCalled();
  }, 60_000);
});

describe('wrong order', () => {
  it.each([
    ['self.enableScreenShare', '1105', (meeting: RealtimeKitClient) => meeting.self.enableScreenShare()],
    ['self.hide', '1105', (meeting: RealtimeKitClient) => meeting.self.hide()],
    ['self.pin', '1105', (meeting: RealtimeKitClient) => meeting.self.pin()],
    ['participants.kickAll', '1205', (meeting: RealtimeKitClient) => meeting.participants.kickAll()],
    [
      'participants.disableAllAudio',
      '1205',
      (meeting: RealtimeKitClient) => meeting.participants.disableAllAudio(true),
    ],
    [
      'participants.broadcastMessage',
      '1205',
      (meeting: RealtimeKitClient) => meeting.participants.broadcastMessage('a', {}),
    ],
  ])('%s is refused with %s before the join and after the end', async (_, code, call) => {
    const meeting = await create();
    await expect(call(meeting)).rejects.toMatchObject({ code });
    await run(meeting.join());
    await meeting.leave();
    await expect(call(meeting)).rejects.toMatchObject({ code });
  });

  it.each(BAD)('subscribing to %s in the mode MANUAL plays nobody', async (bad) => {
    const meeting = await create();
    const { participants } = meeting;
    await run(meeting.join());
    await participants.setViewMode('MANUAL');
    const played = world.server.seen('play').length;
    const errors = [
      await run(participants.subscribe(bad as never)),
      await run(participants.subscribe(['m-ann'], bad as never)),
    ];
    for (const error of errors) if (error !== undefined) expect(error).toMatchObject({ name: 'RealtimeKitError' });
    if (bad !== undefined) expect(world.server.seen('play')).toHaveLength(played);
  });

  it('a second join is refused, and the first one stands', async () => {
    const meeting = await create();
    const first = meeting.join();
    await expect(meeting.join()).rejects.toMatchObject({ code: '0002' });
    await run(first);
    await expect(meeting.join()).rejects.toMatchObject({ code: '0002' });
    expect(meeting.self.roomState).toBe('joined');
  });

  it('leave while joining, with a device being opened, ends both; leave again does nothing (PRIV-1)', async () => {
    const meeting = await create();
    devices.moods.video.delayMs = 500;
    const joining = meeting.join();
    joining.catch(() => {});
    const opening = meeting.self.enableVideo();
    await meeting.leave();
    await meeting.leave();
    await world.clock.advance(1_000);
    await opening;
    await expect(joining).rejects.toMatchObject({ code: '0002' });
    expect([meeting.self.roomState, devices.live().length]).toEqual(['left', 0]);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('a participant who has left can still be called: 1204 or 1205, and nothing happens', async () => {
    const meeting = await create();
    await run(meeting.join());
    const ann = meeting.participants.joined.get('m-ann');
    if (!ann) throw new Error('Ann is not there');
    world.server.answers.moderate = () => ({ refuse: 'room.member-not-found' });
    await expect(ann.kick()).rejects.toMatchObject({ code: '1204' });
    await meeting.leave();
    for (const call of [ann.kick(), ann.disableAudio(), ann.disableVideo(), ann.pin(), ann.unpin()]) {
      await expect(call).rejects.toMatchObject({ code: '1205' });
    }
  });
});

import { afterEach, expect, test, vi } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { FakeDevices } from '../../testing/fake-devices.ts';
import { startElement } from './autoplay.ts';
import { captureCamera, captureScreen } from './capture.ts';

afterEach(() => vi.unstubAllGlobals());

function createDevices(refusal: string) {
  const clock = new FakeClock();
  const devices = new FakeDevices(clock);
  for (const mood of Object.values(devices.moods)) mood.refusal = refusal;
  vi.stubGlobal('navigator', devices.navigator);
  return clock;
}

test.each([
  ['NotAllowedError', 'client.device-denied'],
  ['SecurityError', 'client.device-denied'],
  ['NotFoundError', 'client.device-not-found'],
  ['NotReadableError', 'client.device-in-use'],
  ['AbortError', 'client.device-in-use'],
  ['InvalidStateError', 'client.no-media'],
])("the browser's %s is the code %s, and its name is kept (CONN-4)", async (name, code) => {
  const clock = createDevices(name);
  const failed = expect(captureCamera()).rejects.toMatchObject({ code, details: { name } });
  const screen = expect(captureScreen()).rejects.toMatchObject({ code, details: { name } });
  await clock.advance(0);
  await failed;
  await screen;
});

test('a chosen device that is gone is not found; another constraint that fails is not about the device', async () => {
  const refuseWith = (constraint: string) =>
    vi.stubGlobal('navigator', {
      mediaDevices: {
        getUserMedia: () => Promise.reject(Object.assign(new Error('x'), { name: 'OverconstrainedError', constraint })),
      },
    });
  refuseWith('deviceId');
  await expect(captureCamera()).rejects.toMatchObject({ code: 'client.device-not-found' });
  refuseWith('frameRate');
  await expect(captureCamera()).rejects.toMatchObject({ code: 'client.no-media' });
});

test('an element whose autoplay is refused says so, and one that is interrupted does not fail (CONN-4)', async () => {
  const elementThat = (name?: string) => ({
    play: () => (name ? Promise.reject(new DOMException('the reason', name)) : Promise.resolve()),
  });
  await expect(startElement(elementThat('NotAllowedError'))).rejects.toMatchObject({
    code: 'client.autoplay-refused',
    message: 'the reason',
    details: { name: 'NotAllowedError' },
  });
  await expect(startElement(elementThat('NotSupportedError'))).rejects.toMatchObject({ code: 'client.no-media' });
  await expect(startElement(elementThat('AbortError'))).resolves.toBeUndefined();
  await expect(startElement(elementThat())).resolves.toBeUndefined();
});

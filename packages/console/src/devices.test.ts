import { describe, expect, it, vi } from 'vitest';
import { type DeviceSource, Devices, readDevices } from './devices.ts';

const info = (kind: MediaDeviceKind, deviceId: string, label: string) => ({ kind, deviceId, label }) as MediaDeviceInfo;
const LISTED = [
  info('videoinput', 'c1', 'Front'),
  info('videoinput', 'c2', 'Back'),
  info('audioinput', 'm1', 'Headset'),
  info('audiooutput', 's1', 'Speaker'),
];

function create(listed: MediaDeviceInfo[]) {
  let change = () => {};
  const stop = vi.fn();
  const source = {
    enumerateDevices: async () => listed,
    getUserMedia: vi.fn(async () => ({ getTracks: () => [{ stop }, { stop }] })),
    addEventListener: (_name: string, handler: () => void) => (change = handler),
    removeEventListener: () => (change = () => {}),
  };
  return { devices: new Devices(source as unknown as DeviceSource), source, stop, change: () => change() };
}

describe('readDevices', () => {
  it('sorts cameras and microphones, and leaves out the rest', () => {
    expect(readDevices(LISTED)).toEqual({
      cameras: [
        { id: 'c1', label: 'Front' },
        { id: 'c2', label: 'Back' },
      ],
      microphones: [{ id: 'm1', label: 'Headset' }],
      isNamed: true,
    });
  });

  it('knows that a browser names nothing before the permission', () => {
    expect(readDevices([info('videoinput', '', ''), info('audioinput', '', '')])).toEqual({
      cameras: [],
      microphones: [],
      isNamed: false,
    });
  });
});

describe('Devices', () => {
  it('follows what is plugged in, and forgets a chosen device that is gone', async () => {
    const listed = [...LISTED];
    const { devices, change } = create(listed);
    const unwatch = devices.watch();
    await vi.waitFor(() => expect(devices.state.cameras).toHaveLength(2));
    devices.choose('camera', 'c2');
    devices.choose('microphone', 'm1');
    listed.splice(1, 1);
    change();
    await vi.waitFor(() => expect(devices.state.cameras).toHaveLength(1));
    expect([devices.state.cameraId, devices.state.microphoneId]).toEqual(['', 'm1']);
    unwatch();
  });

  it('leaves no device open after asking for permission', async () => {
    const { devices, stop } = create(LISTED);
    await devices.askPermission();
    expect(stop).toHaveBeenCalledTimes(2);
    expect(devices.state).toMatchObject({ isNamed: true, error: '' });
  });

  it('says why the permission was refused', async () => {
    const { devices, source } = create(LISTED);
    source.getUserMedia.mockRejectedValueOnce(new DOMException('Permission denied', 'NotAllowedError'));
    await devices.askPermission();
    expect(devices.state.error).toBe('The browser was not allowed to use the camera or microphone.');
  });
});

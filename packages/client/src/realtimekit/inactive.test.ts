import { describe, expect, it, vi } from 'vitest';
import { createWorld } from '../testing/harness.ts';
import RealtimeKitClient from './index.ts';

const create = () =>
  RealtimeKitClient.init({
    authToken: 'token-1',
    baseURI: 'https://rooms.test',
    defaults: { audio: false, video: false },
    platform: createWorld().platform,
  });

describe('the modules that this server does not have', () => {
  it('are there, idle and empty', async () => {
    const { recording, livestream, plugins, ai, connectedMeetings, stage } = await create();
    expect(recording.recordingState).toBe('IDLE');
    expect(recording.recordings).toEqual([]);
    expect(livestream).toBeUndefined();
    expect([plugins.all.toArray(), plugins.active.toArray()]).toEqual([[], []]);
    expect(ai.transcripts).toEqual([]);
    expect(connectedMeetings.isActive).toBe(false);
    const states: unknown[] = [];
    connectedMeetings.on('stateUpdate', (state) => states.push(state));
    expect(await connectedMeetings.getConnectedMeetings()).toMatchObject({ meetings: [] });
    expect(states).toMatchObject([{ meetings: [], parentMeeting: { participants: [] } }]);
    expect(stage.status).toBe('ON_STAGE');
  });

  it.each([
    ['recording.start', '1001', (meeting: RealtimeKitClient) => meeting.recording.start()],
    ['recording.stop', '1001', (meeting: RealtimeKitClient) => meeting.recording.stop()],
    ['recording.pause', '1001', (meeting: RealtimeKitClient) => meeting.recording.pause()],
    ['recording.resume', '1001', (meeting: RealtimeKitClient) => meeting.recording.resume()],
    [
      'connectedMeetings.createMeetings',
      '0100',
      (meeting: RealtimeKitClient) => meeting.connectedMeetings.createMeetings([{ title: 'group 1' }]),
    ],
    [
      'connectedMeetings.moveParticipants',
      '0100',
      (meeting: RealtimeKitClient) => meeting.connectedMeetings.moveParticipants('a', 'b', ['c']),
    ],
  ])('%s is refused with %s', async (_, code, call) => {
    await expect(call(await create())).rejects.toMatchObject({ name: 'RealtimeKitError', code });
  });

  it('ai.onTranscript adds a transcript of the application and emits it', async () => {
    const { ai } = await create();
    const heard = vi.fn();
    ai.on('transcript', heard);
    const transcript = {
      id: '1',
      name: 'Ann',
      peerId: 'p1',
      userId: 'u1',
      customParticipantId: 'ann',
      transcript: 'Good morning',
      isPartialTranscript: false,
      date: new Date(0),
    };
    await ai.onTranscript(transcript);
    expect(ai.transcripts).toEqual([transcript]);
    expect(heard).toHaveBeenCalledWith(transcript);
  });
});

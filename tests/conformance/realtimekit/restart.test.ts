import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ACCOUNT, APP, startHarness } from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'gavel-rtk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a restart', () => {
  it('keeps Apps, meetings, participants, presets and tokens; sessions end with it (AUTH-2, RTK-8)', async () => {
    const dataDir = join(folder, 'data');
    const account = { account_id: ACCOUNT };
    const before = await startHarness({ dataDir });
    const meeting = await before.newMeeting('Lasting');
    const [anna, gone] = [await before.newParticipant(meeting, 'anna'), await before.newParticipant(meeting, 'gone')];
    const ids = { ...account, app_id: APP };
    await before.kit.meetings.deleteMeetingParticipant(gone.id, { ...ids, meeting_id: meeting });
    const made = (await before.kit.apps.post({ ...account, name: 'made' })).data?.app;
    const { data: theirs } = await before.kit.meetings.create(made?.id ?? '', { ...account, title: 'Theirs' });
    await before.enter(anna.token);
    const read = async (harness: typeof before) => [
      await harness.kit.apps.get(account),
      await harness.kit.meetings.get(APP, account),
      await harness.kit.meetings.getMeetingParticipants(meeting, ids),
      await harness.kit.presets.get(APP, account),
      await harness.kit.meetings.getMeetingByID(theirs?.id ?? '', { ...account, app_id: made?.id ?? '' }),
    ];
    const kept = await read(before);
    await before.stop();

    before.clock.advance(1);
    const after = await startHarness({ dataDir, clock: before.clock });
    try {
      expect(await read(after)).toEqual(kept);
      expect(await after.usersIn(meeting)).toEqual([]);
      await after.enter(anna.token);
      expect(await after.usersIn(meeting)).toEqual([anna.id]);
      await expect(after.enter(gone.token)).rejects.toMatchObject({ code: 'login.bad-credential' });
      const kicked = await after.kit.activeSession.kickParticipants(meeting, {
        ...ids,
        custom_participant_ids: ['anna'],
      });
      expect(kicked.data?.participants).toMatchObject([{ id: anna.id }]);
    } finally {
      await after.stop();
    }
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, APP, type Harness, NOBODY, refusalOf, refused, startHarness } from './harness.ts';

let harness: Harness;
let meeting: string;
let session: string;
const account = { account_id: ACCOUNT };
const ids = { ...account, app_id: APP };
const empty = { total_count: 0, start_offset: 0, end_offset: 0 };

beforeAll(async () => {
  harness = await startHarness();
  meeting = await harness.newMeeting();
  await harness.enter((await harness.newParticipant(meeting, 'anna')).token);
  session = (await harness.kit.activeSession.getActiveSession(meeting, ids)).data?.id ?? '';
});
afterAll(() => harness.stop());

const absent = (message: string) => refused('NotFoundError', 404, message);
const withheld = (feature: string) => refused('PermissionDeniedError', 403, `This server does not have ${feature}`);

describe('a feature that is not there', () => {
  it('lists nothing, and counts zero (RTK-14)', async () => {
    const { kit } = harness;
    expect(await kit.recordings.getRecordings(APP, account)).toEqual({ success: true, data: [], paging: empty });
    expect(await kit.livestreams.getAllLivestreams(APP, account)).toEqual({
      success: true,
      data: { livestreams: [], paging: empty },
      paging: empty,
    });
    expect((await kit.livestreams.getLivestreamAnalyticsComplete(APP, account)).data).toEqual({
      count: 0,
      total_ingest_seconds: 0,
      total_viewer_seconds: 0,
    });
    expect((await kit.livestreams.getLivestreamAnalyticsDaywise(APP, account)).data).toEqual([]);
    const below = `/accounts/${ACCOUNT}/realtime/kit/${APP}/sessions/${session}/livestream-sessions`;
    expect((await harness.request('GET', below)).body).toEqual({ success: true, data: [] });
  });

  it('has none of a kind (RTK-14)', async () => {
    const { recordings, livestreams, sessions } = harness.kit;
    const cases: [Promise<unknown>, string][] = [
      [recordings.getOneRecording(NOBODY, ids), `No recording found with id ${NOBODY}`],
      [recordings.pauseResumeStopRecording(NOBODY, { ...ids, action: 'stop' }), `No recording found with id ${NOBODY}`],
      [recordings.getActiveRecordings(meeting, ids), `No active recording found for meeting_id ${meeting}`],
      [livestreams.getLivestreamSessionForLivestreamID(NOBODY, ids), `No livestream found with id ${NOBODY}`],
      [livestreams.getActiveLivestreamsForLivestreamID(NOBODY, ids), `No livestream found with id ${NOBODY}`],
      [
        livestreams.getLivestreamSessionDetailsForSessionID(NOBODY, ids),
        `No livestream session found with id ${NOBODY}`,
      ],
      [livestreams.getMeetingActiveLivestreams(meeting, ids), `No active livestream found for meeting_id ${meeting}`],
      [livestreams.stopLivestreamingAMeeting(meeting, ids), `No active session found for meeting_id ${meeting}`],
      [sessions.getSessionChat(session, ids), `No chat found for session_id ${session}`],
      [
        sessions.getSessionTranscripts(session, { ...ids, format: 'VTT' } as never),
        `No transcript found for session_id ${session}`,
      ],
      [sessions.getSessionSummary(session, ids), `No summary found for session_id ${session}`],
    ];
    const refusals = await Promise.all(cases.map(([call]) => refusalOf(call)));
    expect(refusals).toEqual(cases.map(([, message]) => absent(message)));
  });

  it('cannot be started (RTK-14)', async () => {
    const { recordings, livestreams, sessions } = harness.kit;
    const cases: [Promise<unknown>, string][] = [
      [recordings.startRecordings(APP, { ...account, meeting_id: meeting }), 'recordings'],
      [recordings.startTrackRecording(APP, { ...account, meeting_id: meeting, layers: {} } as never), 'recordings'],
      [livestreams.startLivestreamingAMeeting(meeting, ids), 'livestreams'],
      [sessions.generateSummaryOfTranscripts(session, ids), 'summaries'],
    ];
    const refusals = await Promise.all(cases.map(([call]) => refusalOf(call)));
    expect(refusals).toEqual(cases.map(([, feature]) => withheld(feature)));
  });

  it('tells first that its meeting or its session is not there (RTK-14)', async () => {
    const { recordings, livestreams, sessions } = harness.kit;
    const cases: [Promise<unknown>, string][] = [
      [recordings.getActiveRecordings(NOBODY, ids), 'meeting'],
      [livestreams.startLivestreamingAMeeting(NOBODY, ids), 'meeting'],
      [livestreams.getMeetingActiveLivestreams(NOBODY, ids), 'meeting'],
      [livestreams.stopLivestreamingAMeeting(NOBODY, ids), 'meeting'],
      [sessions.generateSummaryOfTranscripts(NOBODY, ids), 'session'],
      [sessions.getSessionChat(NOBODY, ids), 'session'],
      [sessions.getSessionTranscripts(NOBODY, ids), 'session'],
      [sessions.getSessionSummary(NOBODY, ids), 'session'],
    ];
    const refusals = await Promise.all(cases.map(([call]) => refusalOf(call)));
    expect(refusals).toEqual(cases.map(([, kind]) => absent(`No ${kind} found with id ${NOBODY}`)));
  });
});

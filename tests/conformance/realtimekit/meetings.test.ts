import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, APP, type Harness, NOBODY, refusalOf, refused, SECOND_APP, startHarness } from './harness.ts';

let harness: Harness;
const account = { account_id: ACCOUNT };
const ids = { ...account, app_id: APP };

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

const create = async (fields: object = {}, app = APP) => {
  const { data } = await harness.kit.meetings.create(app, { ...account, ...fields });
  if (!data) throw new Error('no meeting');
  return data;
};

describe('making a meeting', () => {
  it('takes an empty object, answers 201, and tells the defaults (RTK-2)', async () => {
    const { status, body } = await harness.json('POST', `/${APP}/meetings`, {});
    const now = new Date(harness.clock.now()).toISOString();
    expect(status).toBe(201);
    expect(body).toEqual({
      success: true,
      data: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        status: 'ACTIVE',
        persist_chat: false,
        record_on_start: false,
        live_stream_on_start: false,
        session_keep_alive_time_in_secs: 60,
        transcribe_on_end: false,
        summarize_on_end: false,
        created_at: now,
        updated_at: now,
      },
    });
  });

  it('keeps all that it is told, and shows it again', async () => {
    const fields = {
      title: 'Ünïcode “title” 🎥',
      persist_chat: true,
      record_on_start: true,
      live_stream_on_start: true,
      session_keep_alive_time_in_secs: 600,
      transcribe_on_end: true,
      summarize_on_end: true,
      ai_config: {
        summarization: { summary_type: 'lecture', text_format: 'plain_text', word_limit: 150 },
        transcription: { keywords: ['Gavel'], language: 'de', profanity_filter: true },
      },
      recording_config: {
        max_seconds: 60,
        file_name_prefix: 'gavel-',
        audio_config: { channel: 'mono', codec: 'MP3', export_file: false },
        video_config: {
          codec: 'VP9',
          width: 1920,
          height: 1,
          export_file: false,
          watermark: { url: 'https://example.com/w.png', position: 'right bottom', size: { width: 1, height: 2 } },
        },
        live_streaming_config: { rtmp_url: 'rtmp://example.com/live' },
        realtimekit_bucket_config: { enabled: false },
        storage_config: null,
      },
    } as const;
    const made = await create(fields);
    expect(made).toMatchObject(fields);
    expect((await harness.kit.meetings.getMeetingByID(made.id, ids)).data).toEqual(made);
  });

  it('takes null for title, record_on_start and live_stream_on_start, as nothing', async () => {
    const made = await create({ title: null, record_on_start: null, live_stream_on_start: null });
    expect(made).toMatchObject({ record_on_start: false, live_stream_on_start: false });
    expect(made).not.toHaveProperty('title');
  });

  it('takes preferred_region from older clients, and ignores it', async () => {
    const { status, body } = await harness.json('POST', `/${APP}/meetings`, { preferred_region: 'ap-south-1' });
    expect(status).toBe(201);
    expect(body.data).not.toHaveProperty('preferred_region');
  });

  it('never shows the secrets of a storage again', async () => {
    const secrets = { access_key: 'AKIA-1', secret: 'hush-2', private_key: 'KEY-3', password: 'pass-4' };
    const storage = { type: 'aws', bucket: 'b', region: 'eu', ...secrets };
    const made = await create({ recording_config: { storage_config: storage } });
    expect(made.recording_config?.storage_config).toEqual({ type: 'aws', bucket: 'b', region: 'eu' });
    const answers = [
      made,
      await harness.kit.meetings.getMeetingByID(made.id, ids),
      await harness.kit.meetings.get(APP, account),
      await harness.kit.meetings.updateMeetingByID(made.id, { ...ids, title: 'x' }),
    ];
    for (const secret of Object.values(secrets)) expect(JSON.stringify(answers)).not.toContain(secret);
  });
});

describe('reading a meeting', () => {
  it('is refused where the App has no such meeting', async () => {
    const elsewhere = await create({}, SECOND_APP);
    for (const id of [NOBODY, elsewhere.id]) {
      const expected = refused('NotFoundError', 404, `No meeting found with id ${id}`);
      expect(await refusalOf(harness.kit.meetings.getMeetingByID(id, ids))).toEqual(expected);
      expect(await refusalOf(harness.kit.meetings.updateMeetingByID(id, { ...ids, title: 'x' }))).toEqual(expected);
    }
  });

  it('wants a UUID', async () => {
    const expected = refused('BadRequestError', 400, 'BAD_REQUEST: "meeting_id" must be a valid GUID');
    expect(await refusalOf(harness.kit.meetings.getMeetingByID('my-meeting', ids))).toEqual(expected);
  });
});

describe('changing a meeting', () => {
  it('changes what is named, and leaves the rest', async () => {
    const made = await create({ title: 'Before', persist_chat: true, session_keep_alive_time_in_secs: 90 });
    harness.clock.advance(1_000);
    const { data } = await harness.kit.meetings.updateMeetingByID(made.id, {
      ...ids,
      title: 'After',
      status: 'INACTIVE',
    });
    const updatedAt = new Date(harness.clock.now()).toISOString();
    expect(data).toEqual({ ...made, title: 'After', status: 'INACTIVE', updated_at: updatedAt });
    expect((await harness.kit.meetings.getMeetingByID(made.id, ids)).data).toEqual(data);
  });

  it('takes a title away by null', async () => {
    const made = await create({ title: 'Before' });
    const { body } = await harness.json('PATCH', `/${APP}/meetings/${made.id}`, { title: null });
    expect(body.data).not.toHaveProperty('title');
  });

  it('takes no null for record_on_start, which making one does', async () => {
    const made = await create();
    const { status, body } = await harness.json('PATCH', `/${APP}/meetings/${made.id}`, { record_on_start: null });
    expect([status, body.error.message]).toEqual([400, 'BAD_REQUEST: "record_on_start" must be a boolean']);
  });
});

describe('listing meetings', () => {
  it('gives the newest first, by pages that are counted from 1, and without ai_config (RTK-2)', async () => {
    const app = (await harness.kit.apps.post({ ...account, name: 'lists' })).data?.app?.id ?? '';
    const made = [];
    for (let index = 0; index < 25; index += 1) {
      made.push((await create({ title: `m${index}`, ai_config: { transcription: { language: 'fr' } } }, app)).id);
    }
    const newest = made.toReversed();
    const list = (query: object) => harness.kit.meetings.get(app, { ...account, ...query });
    const first = await list({});
    expect(first.data.map((each) => each.id)).toEqual(newest.slice(0, 20));
    expect(first.paging).toEqual({ total_count: 25, start_offset: 1, end_offset: 20 });
    expect(first.data[0]).not.toHaveProperty('ai_config');
    const third = await list({ page_no: 3, per_page: 10 });
    expect(third.data.map((each) => each.id)).toEqual(newest.slice(20));
    expect(third.paging).toEqual({ total_count: 25, start_offset: 21, end_offset: 25 });
    expect((await list({ page_no: 0, per_page: 100 })).data).toHaveLength(25);
    expect(await list({ per_page: 0 })).toMatchObject({ data: [], paging: { total_count: 25, start_offset: 0 } });
  });

  it('filters by status, time, and a search in titles and ids', async () => {
    const app = (await harness.kit.apps.post({ ...account, name: 'filters' })).data?.app?.id ?? '';
    const old = await create({ title: 'Old standup' }, app);
    harness.clock.advance(60_000);
    const young = await create({ title: 'Young 100%' }, app);
    await harness.kit.meetings.updateMeetingByID(young.id, { account_id: ACCOUNT, app_id: app, status: 'INACTIVE' });
    const list = async (query: object) =>
      (await harness.kit.meetings.get(app, { ...account, ...query })).data.map((each) => each.title);
    expect(await list({ status: 'INACTIVE' })).toEqual(['Young 100%']);
    expect(await list({ status: 'ACTIVE' })).toEqual(['Old standup']);
    expect(await list({ start_time: young.created_at })).toEqual(['Young 100%']);
    expect(await list({ end_time: old.created_at })).toEqual(['Old standup']);
    expect(await list({ search: 'STANDUP' })).toEqual(['Old standup']);
    expect(await list({ search: '100%' })).toEqual(['Young 100%']);
    expect(await list({ search: young.id })).toEqual(['Young 100%']);
    expect(await list({ search: '_' })).toEqual([]);
  });

  it.each([
    ['page_no=-1', '"page_no" must be greater than or equal to 0'],
    ['per_page=1001', '"per_page" must be less than or equal to 1000'],
    ['per_page=abc', '"per_page" must be an integer'],
    ['per_page=', '"per_page" must be an integer'],
    ['status=LIVE', '"status" must be one of [ACTIVE, INACTIVE]'],
    ['status=ACTIVE&status=INACTIVE', '"status" must be one of [ACTIVE, INACTIVE]'],
    ['start_time=yesterday', '"start_time" must be in ISO 8601 date format'],
    ['end_time=2026-13-01T00:00:00Z', '"end_time" must be in ISO 8601 date format'],
  ])('refuses ?%s', async (query, problem) => {
    const { status, body } = await harness.request('GET', `/accounts/${ACCOUNT}/realtime/kit/${APP}/meetings?${query}`);
    expect([status, body.error?.message]).toEqual([400, `BAD_REQUEST: ${problem}`]);
  });

  it('leaves parameters alone that it does not know, such as the name on reading one', async () => {
    const made = await create();
    const below = `/accounts/${ACCOUNT}/realtime/kit/${APP}/meetings`;
    expect((await harness.request('GET', `${below}/${made.id}?name=x`)).status).toBe(200);
    expect((await harness.request('GET', `${below}?colour=red`)).status).toBe(200);
  });
});

describe('what making and changing refuse', () => {
  const storage = (fields: object) => ({ recording_config: { storage_config: fields } });
  it.each<[object, string]>([
    [{ titel: 'x' }, '"titel" is not allowed'],
    [{ title: 1 }, '"title" must be a string'],
    [{ title: 'x'.repeat(257) }, '"title" length must be less than or equal to 256 characters long'],
    [{ persist_chat: 'true' }, '"persist_chat" must be a boolean'],
    [{ persist_chat: null }, '"persist_chat" must be a boolean'],
    [{ session_keep_alive_time_in_secs: 59 }, '"session_keep_alive_time_in_secs" must be greater than or equal to 60'],
    [{ session_keep_alive_time_in_secs: 601 }, '"session_keep_alive_time_in_secs" must be less than or equal to 600'],
    [{ session_keep_alive_time_in_secs: '60' }, '"session_keep_alive_time_in_secs" must be a number'],
    [{ ai_config: [] }, '"ai_config" must be of type object'],
    [
      { ai_config: { summarization: { word_limit: 149 } } },
      '"ai_config.summarization.word_limit" must be greater than or equal to 150',
    ],
    [
      { ai_config: { summarization: { word_limit: 150.5 } } },
      '"ai_config.summarization.word_limit" must be an integer',
    ],
    [
      { ai_config: { transcription: { language: 'tlh' } } },
      '"ai_config.transcription.language" must be one of [en-US, en-IN, de, hi, sv, ru, pl, el, fr, nl]',
    ],
    [
      { ai_config: { transcription: { keywords: ['a', 1] } } },
      '"ai_config.transcription.keywords[1]" must be a string',
    ],
    [{ ai_config: { translation: {} } }, '"ai_config.translation" is not allowed'],
    [
      { recording_config: { max_seconds: 86_401 } },
      '"recording_config.max_seconds" must be less than or equal to 86400',
    ],
    [
      { recording_config: { audio_config: { codec: 'OPUS' } } },
      '"recording_config.audio_config.codec" must be one of [MP3, AAC]',
    ],
    [
      { recording_config: { video_config: { width: 0 } } },
      '"recording_config.video_config.width" must be greater than or equal to 1',
    ],
    [
      { recording_config: { video_config: { watermark: { url: 'javascript:alert(1)' } } } },
      '"recording_config.video_config.watermark.url" must be a valid uri',
    ],
    [
      { recording_config: { realtimekit_bucket_config: {} } },
      '"recording_config.realtimekit_bucket_config.enabled" is required',
    ],
    [
      storage({ type: 'ftp' }),
      '"recording_config.storage_config.type" must be one of [aws, azure, digitalocean, gcs, sftp]',
    ],
    [storage({ type: 'aws', region: 'eu' }), '"recording_config.storage_config.access_key" is required'],
    [storage({ type: 'azure', access_key: 'k' }), '"recording_config.storage_config.region" is required'],
    [storage({ type: 'sftp', auth_method: 'KEY' }), '"recording_config.storage_config.private_key" is required'],
    [storage({ type: 'sftp', auth_method: 'PASSWORD' }), '"recording_config.storage_config.password" is required'],
    [storage({ port: 70_000 }), '"recording_config.storage_config.port" must be less than or equal to 65535'],
  ])('%j', async (body, problem) => {
    const made = await create();
    for (const [method, below] of [
      ['POST', `/${APP}/meetings`],
      ['PATCH', `/${APP}/meetings/${made.id}`],
    ] as const) {
      const answer = await harness.json(method, below, body);
      expect([answer.status, answer.body]).toEqual([
        400,
        { success: false, error: { code: 400, message: `BAD_REQUEST: ${problem}` } },
      ]);
    }
    expect((await harness.kit.meetings.getMeetingByID(made.id, ids)).data).toEqual(made);
  });

  it('a status when making one; a wrong status when changing one', async () => {
    const made = await create();
    const answers = [
      await harness.json('POST', `/${APP}/meetings`, { status: 'INACTIVE' }),
      await harness.json('PATCH', `/${APP}/meetings/${made.id}`, { status: 'CLOSED' }),
    ];
    expect(answers.map(({ body }) => body.error.message)).toEqual([
      'BAD_REQUEST: "status" is not allowed',
      'BAD_REQUEST: "status" must be one of [ACTIVE, INACTIVE]',
    ]);
  });
});

describe('replacing a meeting', () => {
  it('gives what is left out its default again, and keeps the status (RTK-10)', async () => {
    const made = await create({ title: 'Before', session_keep_alive_time_in_secs: 300, persist_chat: true });
    await harness.kit.meetings.updateMeetingByID(made.id, { ...ids, status: 'INACTIVE' });
    harness.clock.advance(1000);
    const { data } = await harness.kit.meetings.replaceMeetingByID(made.id, { ...ids, record_on_start: true });
    expect(data).toEqual({
      ...(await create()),
      id: made.id,
      status: 'INACTIVE',
      record_on_start: true,
      created_at: made.created_at,
      updated_at: new Date(harness.clock.now()).toISOString(),
    });
    expect((await harness.kit.meetings.getMeetingByID(made.id, ids)).data).toEqual(data);
  });

  it('is refused for a status, for a storage that is not whole, and where there is no such meeting', async () => {
    const { id } = await create();
    const replace = (fields: object, meeting = id) =>
      refusalOf(harness.kit.meetings.replaceMeetingByID(meeting, { ...ids, ...fields }));
    expect(await replace({ status: 'INACTIVE' })).toEqual(
      refused('BadRequestError', 400, 'BAD_REQUEST: "status" is not allowed'),
    );
    expect(await replace({ recording_config: { storage_config: { type: 'aws' } } })).toEqual(
      refused('BadRequestError', 400, 'BAD_REQUEST: "recording_config.storage_config.access_key" is required'),
    );
    expect(await replace({}, NOBODY)).toEqual(refused('NotFoundError', 404, `No meeting found with id ${NOBODY}`));
  });
});

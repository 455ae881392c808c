import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STOCK_PRESETS } from '../../../packages/server/src/realtimekit/stock-presets.ts';
import { ACCOUNT, APP, type Harness, NOBODY, refusalOf, refused, SECOND_APP, startHarness } from './harness.ts';

let harness: Harness;
const account = { account_id: ACCOUNT };

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

describe('presets', () => {
  it('are listed in short rows, with the stock ones in every App (RTK-2)', async () => {
    const { success, data, paging } = await harness.kit.presets.get(APP, account);
    expect(success).toBe(true);
    expect(data.map((each) => each.name)).toEqual([
      'webinar_viewer',
      'webinar_presenter',
      'group_call_participant',
      'group_call_host',
    ]);
    expect(Object.keys(data[0] ?? {}).sort()).toEqual(['created_at', 'id', 'name', 'updated_at']);
    expect(paging).toEqual({ total_count: 4, start_offset: 1, end_offset: 4 });
  });

  it('are searched by name, and paged', async () => {
    const { data, paging } = await harness.kit.presets.get(APP, {
      ...account,
      search: 'WEBINAR',
      per_page: 1,
      page_no: 2,
    });
    expect(data.map((each) => each.name)).toEqual(['webinar_presenter']);
    expect(paging).toEqual({ total_count: 2, start_offset: 2, end_offset: 2 });
  });

  it('are read whole', async () => {
    const { data: rows } = await harness.kit.presets.get(APP, { ...account, search: 'group_call_host' });
    const { success, data } = await harness.kit.presets.getPresetByID(rows[0]?.id ?? '', { ...account, app_id: APP });
    expect(success).toBe(true);
    expect(data).toMatchObject({
      ...rows[0],
      config: { view_type: 'GROUP_CALL', media: { video: { quality: 'hd' } } },
      permissions: { kick_participant: true, media: { audio: { can_produce: 'ALLOWED' } } },
      ui: { design_tokens: { theme: 'dark' } },
    });
  });

  it('are refused where the App has none of that id', async () => {
    const { data } = await harness.kit.presets.get(SECOND_APP, account);
    for (const id of [NOBODY, data[0]?.id ?? '']) {
      const call = harness.kit.presets.getPresetByID(id, { ...account, app_id: APP });
      expect(await refusalOf(call)).toEqual(refused('NotFoundError', 404, `No preset found with id ${id}`));
    }
    const call = harness.kit.presets.getPresetByID('group_call_host', { ...account, app_id: APP });
    expect(await refusalOf(call)).toEqual(
      refused('BadRequestError', 400, 'BAD_REQUEST: "preset_id" must be a valid GUID'),
    );
  });
});

describe('a preset of the own making', () => {
  const whole = (name: string) => ({ ...account, name, ...host() });
  const host = () => structuredClone(STOCK_PRESETS[0]?.definition) as never as Definition;
  type Definition = Omit<Parameters<Harness['kit']['presets']['create']>[1], 'account_id' | 'name'>;
  const ids = { ...account, app_id: APP };
  const create = async (name: string) => (await harness.kit.presets.create(APP, whole(name))).data;

  it('is made whole, read, listed, and given to participants by its name (RTK-9)', async () => {
    const made = await create('chair');
    expect(made).toMatchObject({ name: 'chair', ...host() });
    expect((await harness.kit.presets.getPresetByID(made.id, ids)).data).toEqual(made);
    expect((await harness.kit.presets.get(APP, { ...account, search: 'chair' })).data).toHaveLength(1);
    const meeting = await harness.newMeeting();
    const call = { ...ids, custom_participant_id: 'anna', preset_name: 'chair' };
    expect((await harness.kit.meetings.addParticipant(meeting, call)).data?.preset_name).toBe('chair');
  });

  it('is changed in parts at any depth, and what is left out stays (RTK-9)', async () => {
    const made = await create('patched');
    harness.clock.advance(1000);
    const { data } = await harness.kit.presets.update(made.id, {
      ...ids,
      name: 'patched again',
      permissions: { media: { audio: { can_produce: 'NOT_ALLOWED' } }, plugins: { config: { p: {} } } },
      ui: { design_tokens: { colors: { brand: { 500: '#123456' } } } },
    } as never);
    const expected = host() as never as { permissions: never; config: object; ui: object };
    expect(data).toMatchObject({ name: 'patched again', config: expected.config, created_at: made.created_at });
    expect(data.updated_at).not.toBe(made.updated_at);
    const { permissions, ui } = data as never as {
      permissions: { media: object; plugins: object; polls: object };
      ui: { design_tokens: { colors: { brand: object; danger: string } } };
    };
    expect(permissions.media).toEqual({
      audio: { can_produce: 'NOT_ALLOWED' },
      video: { can_produce: 'ALLOWED' },
      screenshare: { can_produce: 'ALLOWED' },
    });
    expect(permissions.plugins).toEqual({
      can_start: false,
      can_close: false,
      can_edit_config: false,
      config: { p: {} },
    });
    expect(ui.design_tokens.colors.brand).toMatchObject({ 300: '#844d1c', 500: '#123456' });
    expect((await harness.kit.presets.getPresetByID(made.id, ids)).data).toEqual(data);
  });

  it('rules the next login, not the one before (RTK-9, AUTH-2)', async () => {
    const made = await create('rules');
    const meeting = await harness.newMeeting();
    const call = { ...ids, custom_participant_id: 'anna', preset_name: 'rules' };
    const token = (await harness.kit.meetings.addParticipant(meeting, call)).data?.token ?? '';
    expect((await harness.admit(token)).permissions.publishVideo).toBe(true);
    const media = { video: { can_produce: 'CAN_REQUEST' } };
    await harness.kit.presets.update(made.id, { ...ids, permissions: { media } } as never);
    expect((await harness.admit(token)).permissions).toMatchObject({ publishAudio: true, publishVideo: false });
  });

  it('is replaced whole', async () => {
    const made = await create('before');
    const body = { ...host(), name: 'after' } as never as { config: { media: { audio?: object } } };
    delete body.config.media.audio;
    const { data } = await harness.kit.presets.replacePresetByID(made.id, { ...ids, ...body } as never);
    expect(data).toMatchObject({ id: made.id, name: 'after' });
    expect(data.config.media).not.toHaveProperty('audio');
  });

  it('has a name of its own in its App (RTK-9)', async () => {
    const made = await create('mine');
    const taken = refused('ConflictError', 409, 'A preset with name mine already exists');
    expect(await refusalOf(create('mine'))).toEqual(taken);
    const other = await create('other');
    expect(await refusalOf(harness.kit.presets.update(other.id, { ...ids, name: 'mine' }))).toEqual(taken);
    const replacing = harness.kit.presets.replacePresetByID(other.id, { ...ids, ...whole('mine') });
    expect(await refusalOf(replacing)).toEqual(taken);
    expect((await harness.kit.presets.update(made.id, { ...ids, name: 'mine' })).data.name).toBe('mine');
    expect((await harness.kit.presets.create(SECOND_APP, whole('mine'))).success).toBe(true);
  });

  it('is deleted once nobody has it (RTK-9)', async () => {
    const made = await create('doomed');
    const meeting = await harness.newMeeting();
    const call = { ...ids, custom_participant_id: 'anna', preset_name: 'doomed' };
    const anna = (await harness.kit.meetings.addParticipant(meeting, call)).data?.id ?? '';
    expect(await refusalOf(harness.kit.presets.delete(made.id, ids))).toEqual(
      refused('ConflictError', 409, `Participants use the preset with id ${made.id}`),
    );
    await harness.kit.meetings.deleteMeetingParticipant(anna, { ...ids, meeting_id: meeting });
    expect((await harness.kit.presets.delete(made.id, ids)).data).toEqual(made);
    for (const refusal of await Promise.all(
      [harness.kit.presets.delete(made.id, ids), harness.kit.presets.getPresetByID(made.id, ids)].map(refusalOf),
    )) {
      expect(refusal).toEqual(refused('NotFoundError', 404, `No preset found with id ${made.id}`));
    }
  });

  it('is refused where the App does not have it', async () => {
    for (const refusal of await Promise.all(
      [
        harness.kit.presets.update(NOBODY, { ...ids, name: 'x' }),
        harness.kit.presets.replacePresetByID(NOBODY, { ...ids, ...whole('x') }),
        harness.kit.presets.delete(NOBODY, ids),
      ].map(refusalOf),
    )) {
      expect(refusal).toEqual(refused('NotFoundError', 404, `No preset found with id ${NOBODY}`));
    }
  });
});

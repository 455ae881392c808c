import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

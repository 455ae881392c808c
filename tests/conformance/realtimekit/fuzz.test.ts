import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, APP, type Harness, startHarness } from './harness.ts';

let harness: Harness;
let meeting: string;
let participant: string;

beforeAll(async () => {
  harness = await startHarness();
  meeting = await harness.newMeeting();
  participant = (await harness.newParticipant(meeting, 'anna')).id;
});
afterAll(() => harness.stop());

/** Any JSON, and objects of known fields with any values. */
const fields = fc.constantFrom(
  'name',
  'title',
  'status',
  'persist_chat',
  'ai_config',
  'recording_config',
  'storage_config',
  'session_keep_alive_time_in_secs',
  'participant_ids',
  'custom_participant_ids',
  'custom_participant_id',
  'preset_name',
  'picture',
  'config',
  'permissions',
  'url',
  'events',
);
const values = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom('group_call_host', 'ACTIVE', 'https://example.com/a', 60, true),
);
const bodies = fc.oneof(fc.jsonValue(), fc.dictionary(fields, values, { maxKeys: 4 }));

describe('whatever comes', () => {
  it('as a body is answered in the envelope, and breaks nothing (RTK-2)', async () => {
    const routes = fc.constantFrom(
      ['POST', '/apps'],
      ['POST', `/${APP}/meetings`],
      ['PATCH', `/${APP}/meetings/${meeting}`],
      ['PUT', `/${APP}/meetings/${meeting}`],
      ['POST', `/${APP}/presets`],
      ['POST', `/${APP}/webhooks`],
      ['POST', `/${APP}/recordings`],
      ['PUT', `/${APP}/meetings/${meeting}/participants/${participant}`],
      ['POST', `/${APP}/meetings/${meeting}/participants`],
      ['PATCH', `/${APP}/meetings/${meeting}/participants/${participant}`],
      ['POST', `/${APP}/meetings/${meeting}/participants/${participant}/token`],
      ['POST', `/${APP}/meetings/${meeting}/active-session/kick`],
      ['POST', `/${APP}/meetings/${meeting}/active-session/kick-all`],
    );
    await fc.assert(
      fc.asyncProperty(routes, bodies, async ([method = '', below = ''], body) => {
        const answer = await harness.json(method, below, body);
        expect([200, 201, 400, 403, 404, 409]).toContain(answer.status);
        expect(answer.body.success).toBe(answer.status < 300);
        if (answer.status >= 400)
          expect(answer.body.error).toEqual({ code: answer.status, message: expect.any(String) });
      }),
      { numRuns: 300 },
    );
    expect(harness.errors).toEqual([]);
  });

  it('as a query is answered in the envelope, and breaks nothing (RTK-2)', async () => {
    const names = fc.constantFrom(
      'page_no',
      'per_page',
      'search',
      'status',
      'start_time',
      'end_time',
      'sort_order',
      'participants',
      'start_date',
      'x',
    );
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('1', '0', 'ACTIVE', '2026-01-01T00:00:00Z'));
    const lists = fc.constantFrom(
      '/apps',
      `/${APP}/meetings`,
      `/${APP}/presets`,
      `/${APP}/sessions`,
      `/${APP}/analytics/daywise`,
      `/${APP}/meetings/${meeting}/participants`,
    );
    await fc.assert(
      fc.asyncProperty(lists, fc.array(fc.tuple(names, texts), { maxLength: 4 }), async (below, pairs) => {
        const query = pairs.map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join('&');
        const answer = await harness.request('GET', `/accounts/${ACCOUNT}/realtime/kit${below}?${query}`);
        expect([200, 400]).toContain(answer.status);
        expect(answer.body.success).toBe(answer.status === 200);
      }),
      { numRuns: 300 },
    );
    expect(harness.errors).toEqual([]);
  });
});

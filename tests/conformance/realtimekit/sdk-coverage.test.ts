import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT, APP, type Harness, NOBODY, refusalOf, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

const RESOURCES = [
  'apps',
  'meetings',
  'presets',
  'sessions',
  'recordings',
  'webhooks',
  'activeSession',
  'livestreams',
  'analytics',
] as const;
/** All ids that occur in the path of any method. */
const params = {
  account_id: ACCOUNT,
  app_id: APP,
  meeting_id: NOBODY,
  participant_id: NOBODY,
  session_id: NOBODY,
  recording_id: NOBODY,
  livestream_id: NOBODY,
};
type Method = (...args: unknown[]) => Promise<unknown>;

/** The methods of an object, inherited ones included. */
function methodsOf(resource: object): string[] {
  const names: string[] = [];
  for (let at = Object.getPrototypeOf(resource); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at).filter((name) => name !== 'constructor'));
  }
  return names;
}

describe("the vendor's client", () => {
  it.each(RESOURCES)('finds a route for each of its methods: %s (RTK-2)', async (name) => {
    const resource = harness.kit[name] as never as Record<string, Method>;
    const names = methodsOf(resource);
    expect(names.length).toBeGreaterThan(0);
    for (const method of names) {
      const call = resource[method]?.bind(resource);
      // Methods about one App or one object take its id first.
      const takesId = (resource[method]?.length ?? 0) > 2;
      const isOfApp =
        /^(create|get|createWebhook|getWebhooks|getSessions|getRecordings|start(Track)?Recordings?|getAll.*|get.*Analytics.*)$/;
      const id = isOfApp.test(method) ? APP : NOBODY;
      const answered = Promise.resolve(takesId ? call?.(id, params) : call?.(params));
      const outcome = await refusalOf(answered).catch(() => undefined);
      const message = (outcome?.body as { error?: { message: string } } | undefined)?.error?.message ?? 'a success';
      expect(`${method}: ${message}`).not.toMatch(/There is no|No app found/);
    }
  });

  it('has no resource that is not among them', () => {
    const own = Object.entries(harness.kit).filter(
      ([name, value]) => !name.startsWith('_') && typeof value === 'object',
    );
    expect(own.map(([name]) => name).sort()).toEqual([...RESOURCES].sort());
  });
});

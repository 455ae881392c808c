import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { PRESET_DEFINITION } from './preset-schema.ts';
import { STOCK_PRESETS } from './stock-presets.ts';

describe('the stock presets', () => {
  it('have the names that the vendor gives them', () => {
    expect(STOCK_PRESETS.map((preset) => preset.name)).toEqual([
      'group_call_host',
      'group_call_participant',
      'webinar_presenter',
      'webinar_viewer',
    ]);
  });

  it.each(STOCK_PRESETS)('are whole: $name', ({ definition }) => {
    expect([...Value.Errors(PRESET_DEFINITION, definition)]).toEqual([]);
  });

  it('let nobody but hosts and presenters kick', () => {
    const kickers = STOCK_PRESETS.filter(({ definition }) =>
      JSON.stringify(definition).includes('"kick_participant":true'),
    );
    expect(kickers.map((preset) => preset.name)).toEqual(['group_call_host', 'webinar_presenter']);
  });
});

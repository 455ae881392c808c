import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { PRESET_DEFINITION, type PresetDefinition } from './preset-schema.ts';
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

  it.each(STOCK_PRESETS)('offer nothing that the server does not do: $name', ({ definition }) => {
    const { permissions } = definition as PresetDefinition;
    const { can_record, can_livestream, can_spotlight, transcription_enabled, plugins, connected_meetings } =
      permissions;
    const { config: _, ...ofPlugins } = plugins;
    const given = [can_record, can_livestream, can_spotlight, transcription_enabled];
    expect([...given, ...Object.values(ofPlugins), ...Object.values(connected_meetings)]).not.toContain(true);
  });

  it('let nobody but hosts and presenters kick', () => {
    const kickers = STOCK_PRESETS.filter(({ definition }) =>
      JSON.stringify(definition).includes('"kick_participant":true'),
    );
    expect(kickers.map((preset) => preset.name)).toEqual(['group_call_host', 'webinar_presenter']);
  });
});

/**
 * Plugins of the meeting: present for the call surface, without plugins (reference realtimekit 8.1).
 *
 * @module
 */

import { EmittingMap } from './emitting-map.ts';

/** A plugin; this server has none. */
export interface Plugin {
  readonly id: string;
  readonly name: string;
  readonly icon: string;
  readonly active: boolean;
}

/** The events of a map of plugins; none is emitted. */
export interface PluginMapEvents {
  pluginAdded: [plugin: Plugin];
  pluginDeleted: [plugin: Plugin];
}

/** A map of plugins by id; always empty. */
export class PluginMap extends EmittingMap<Plugin, PluginMapEvents> {}

/** The plugins of a meeting. */
export class Plugins {
  readonly all = new PluginMap();
  readonly active = new PluginMap();
}

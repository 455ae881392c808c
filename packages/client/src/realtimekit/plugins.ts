/**
 * Plugins of the meeting: present for the call surface, without plugins (reference realtimekit 8.1).
 *
 * @module
 */

import { EmittingMap } from './emitting-map.ts';
import type { EventEmitter } from './event-emitter.ts';

/** A plugin's state. */
export interface PluginState {
  readonly active: boolean;
  readonly pluginId: string;
  readonly views: unknown;
}

/** The events of a plugin. */
export interface PluginEvents {
  stateUpdate: [state: PluginState];
  ready: [];
  closed: [];
  toggleViewMode: unknown[];
  enabled: [];
}

/** A plugin; this server has none, so that nothing implements it. */
export interface Plugin extends EventEmitter<PluginEvents> {
  readonly id: string;
  readonly name: string;
  readonly icon: string;
  readonly permissions: { canActivate: boolean; canDeactivate: boolean };
  readonly component: unknown;
  active: boolean;
  /** The id of the user who activated it. */
  enabledBy: string;
  activateForSelf(): void;
  deactivateForSelf(): void;
  activate(): Promise<void>;
  deactivate(): Promise<void>;
}

/** The events of a map of plugins. Only an application that adds a plugin causes one. */
export interface PluginMapEvents {
  pluginAdded: [plugin: Plugin];
  pluginDeleted: [plugin: Plugin];
  stateUpdate: [plugin: Plugin, state: PluginState];
  ready: [plugin: Plugin];
  closed: [plugin: Plugin];
  toggleViewMode: [plugin: Plugin, ...view: unknown[]];
  enabled: [plugin: Plugin];
}

/** A map of plugins by id; empty, unless an application adds to it. */
export class PluginMap extends EmittingMap<Plugin, PluginMapEvents> {
  /** The event of an addition. */
  readonly onAddEvent = 'pluginAdded';
  /** The event of a removal. */
  readonly onDeleteEvent = 'pluginDeleted';
  /** The event of the removal of all: as of one. */
  readonly onClearEvent = 'pluginDeleted';

  /** Adds a plugin to this map only: no other participant hears of it. */
  add(plugin: Plugin, emitEvent = true): this {
    this.set(plugin.id, plugin);
    if (emitEvent) this.emit('pluginAdded', plugin);
    return this;
  }
}

/** The plugins of a meeting. */
export class Plugins {
  readonly all = new PluginMap();
  readonly active = new PluginMap();
}

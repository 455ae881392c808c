/**
 * Starts media control for rooms.
 *
 * @module
 */

import { Announcer, type AnnouncerDeps } from './announcer.ts';
import { MediaMonitor, type MediaMonitorDeps } from './monitor.ts';
import { Negotiator, type NegotiatorDeps } from './negotiator.ts';

/** Dependencies of media control. Its `state` is shared with the enforcer, which is one of the sinks of `rooms`. */
export type MediaDeps = Omit<AnnouncerDeps & MediaMonitorDeps & NegotiatorDeps, 'announcer'>;

/** Follows the engine's events from now on, and returns the negotiator, which members' requests use. */
export function startMedia(deps: MediaDeps): Negotiator {
  const announcer = new Announcer(deps);
  new MediaMonitor({ ...deps, announcer });
  return new Negotiator({ ...deps, announcer });
}

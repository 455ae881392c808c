/**
 * Starts media control for rooms.
 *
 * @module
 */

import { Announcer, type AnnouncerDeps } from './announcer.ts';
import { MediaService, type MediaServiceDeps } from './media-service.ts';
import { MediaMonitor, type MediaMonitorDeps } from './monitor.ts';
import { Negotiator, type NegotiatorDeps } from './negotiator.ts';

/** Dependencies of media control. Its `state` is shared with the enforcer, which is one of the sinks of `rooms`. */
export type MediaDeps = Omit<
  AnnouncerDeps & MediaMonitorDeps & NegotiatorDeps & MediaServiceDeps,
  'announcer' | 'negotiator' | 'monitor'
>;

/** Follows the engine's events from now on, and returns the handler of members' media commands. */
export function startMedia(deps: MediaDeps): MediaService {
  const announcer = new Announcer(deps);
  const monitor = new MediaMonitor({ ...deps, announcer });
  return new MediaService({ ...deps, monitor, negotiator: new Negotiator({ ...deps, announcer }) });
}

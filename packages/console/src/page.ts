/**
 * Creates the page's models.
 *
 * @module
 */

import { ZegoExpressEngine } from '@gavel/client/zego';
import { Devices } from './devices.ts';
import { Log } from './log.ts';
import { Moderation } from './moderation.ts';
import { RoomModel } from './room-model.ts';
import { RECONNECTING_DELAY_MS } from './room-reducer.ts';
import { openDevice, openSource } from './sources.ts';

/** The page's models. */
export interface Page {
  readonly room: RoomModel;
  readonly log: Log;
  readonly moderation: Moderation;
  readonly devices: Devices;
}

/** Creates the page's models, with the SDK connected to the server that served the page. */
export function makePage(): Page {
  const log = new Log();
  // Undefined on pages without a secure context, although the type does not say so.
  const devices = new Devices(navigator.mediaDevices as MediaDevices | undefined);
  const room = new RoomModel({
    // Shorter than the SDK's default, so that the page shows outages sooner.
    createEngine: (appId) =>
      new ZegoExpressEngine(appId, location.origin, { reconnectingDelayMs: RECONNECTING_DELAY_MS }),
    openSource,
    openDevice,
    devices,
    now: Date.now,
    log,
  });
  const moderation = new Moderation({
    fetch: (url, init) => fetch(url, init),
    log,
    now: Date.now,
    expectClose: (isExpected) => room.expectClose(isExpected),
  });
  return { room, log, moderation, devices };
}

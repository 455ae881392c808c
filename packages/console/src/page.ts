/**
 * Puts the page's models together.
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

/** Makes the page's models, with the SDK pointed at the server that served the page. */
export function makePage(): Page {
  const log = new Log();
  // Not there on pages without a secure context, whatever the type says.
  const devices = new Devices(navigator.mediaDevices as MediaDevices | undefined);
  const room = new RoomModel({
    // Shown sooner than the SDK's default: whoever watches the page wants to see what happens.
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

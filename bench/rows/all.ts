/**
 * The rows of the table, in its order.
 *
 * @module
 */

import type { Row } from '../harness/row.ts';
import { callbacks } from './callbacks.ts';
import { close } from './close.ts';
import { concealment } from './concealment.ts';
import { fanOut } from './fan-out.ts';
import { forwarding } from './forwarding.ts';
import { idle } from './idle.ts';
import { idlePeers } from './idle-peers.ts';
import { idleReceivers } from './idle-receivers.ts';
import { join } from './join.ts';
import { kick } from './kick.ts';
import { kickMedia } from './kick-media.ts';
import { kickThroughput } from './kick-throughput.ts';
import { layerSwitches } from './layer-switches.ts';
import { mainJob } from './main-job.ts';
import { manyRooms } from './many-rooms.ts';
import { meeting } from './meeting.ts';
import { narrowLink } from './narrow-link.ts';
import { playerSetup } from './player-setup.ts';
import { reconnectStorm } from './reconnect-storm.ts';
import { start } from './start.ts';

/** All of them. */
export const ROWS: readonly Row[] = [
  kick,
  kickThroughput,
  kickMedia,
  close,
  fanOut,
  join,
  reconnectStorm,
  idle,
  forwarding,
  manyRooms,
  meeting,
  idlePeers,
  idleReceivers,
  playerSetup,
  concealment,
  narrowLink,
  layerSwitches,
  callbacks,
  start,
  mainJob,
];

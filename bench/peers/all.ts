/**
 * The room servers that are compared; Gavel first.
 *
 * @module
 */

import { ejabberd } from './ejabberd.ts';
import { findBaseline, gavel } from './gavel.ts';
import { janusRoom } from './janus-room.ts';
import { prosody } from './prosody.ts';
import type { RoomServerKind } from './room-server.ts';
import { socketIo } from './socket-io.ts';
import { wsRoom } from './ws-room.ts';

/** All of them. */
export const ROOM_SERVERS: readonly RoomServerKind[] = [
  gavel,
  ...findBaseline(),
  socketIo,
  wsRoom,
  ejabberd,
  prosody,
  janusRoom,
];

/**
 * The Actions of the ZEGO Server API that Gavel has.
 *
 * @module
 */

import type { Action } from './action.ts';
import { addStream } from './add-stream.ts';
import { closeRoom } from './close-room.ts';
import { deleteStream } from './delete-stream.ts';
import { describeSimpleStreamList } from './describe-simple-stream-list.ts';
import { describeUserList } from './describe-user-list.ts';
import { describeUserNum } from './describe-user-num.ts';
import { describeUsers } from './describe-users.ts';
import { kickoutUser } from './kickout-user.ts';

/** Every Action. */
export const ACTIONS: readonly Action[] = [
  kickoutUser,
  closeRoom,
  deleteStream,
  addStream,
  describeUserNum,
  describeUserList,
  describeUsers,
  describeSimpleStreamList,
];

const byName = new Map(ACTIONS.map((action) => [action.name, action]));

/** Finds an Action; names are case-sensitive. */
export function findAction(name: string): Action | undefined {
  return byName.get(name);
}

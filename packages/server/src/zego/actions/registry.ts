/**
 * The Actions of the ZEGO Server API that Gavel has.
 *
 * @module
 */

import type { Action } from './action.ts';
import { addStream } from './add-stream.ts';
import { closeRoom } from './close-room.ts';
import { delForbidStreamRule } from './del-forbid-stream-rule.ts';
import { delForbidUserRule } from './del-forbid-user-rule.ts';
import { deleteStream } from './delete-stream.ts';
import { describeForbidStreamRules } from './describe-forbid-stream-rules.ts';
import { describeForbidUserRules } from './describe-forbid-user-rules.ts';
import { describeRtcStreamState } from './describe-rtc-stream-state.ts';
import { describeSimpleStreamList } from './describe-simple-stream-list.ts';
import { describeUserList } from './describe-user-list.ts';
import { describeUserNum } from './describe-user-num.ts';
import { describeUsers } from './describe-users.ts';
import { forbidRtcStream } from './forbid-rtc-stream.ts';
import { forbidRtcStreams } from './forbid-rtc-streams.ts';
import { kickoutUser } from './kickout-user.ts';
import { resumeRtcStream } from './resume-rtc-stream.ts';
import { resumeRtcStreams } from './resume-rtc-streams.ts';
import { sendBarrageMessage } from './send-barrage-message.ts';
import { sendBroadcastMessage } from './send-broadcast-message.ts';
import { sendCustomCommand } from './send-custom-command.ts';
import { setForbidStreamRule } from './set-forbid-stream-rule.ts';
import { setForbidUserRule } from './set-forbid-user-rule.ts';

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
  sendBroadcastMessage,
  sendBarrageMessage,
  sendCustomCommand,
  setForbidUserRule,
  delForbidUserRule,
  describeForbidUserRules,
  setForbidStreamRule,
  delForbidStreamRule,
  describeForbidStreamRules,
  describeRtcStreamState,
  forbidRtcStream,
  resumeRtcStream,
  forbidRtcStreams,
  resumeRtcStreams,
];

const byName = new Map(ACTIONS.map((action) => [action.name, action]));

/** Finds an Action; names are case-sensitive. */
export function findAction(name: string): Action | undefined {
  return byName.get(name);
}

/**
 * SendBroadcastMessage: a reliable chat message to a room (reference zego 2.4).
 *
 * @module
 */

import { CODES } from '../codes.ts';
import { requiredText } from '../params.ts';
import { defineAction } from './action.ts';
import { CONTENT, SENDER_PARAMETERS, sendMessage } from './message.ts';

/** Sends the message to all clients in a room except those with the sender's user id. */
export const sendBroadcastMessage = defineAction({
  name: 'SendBroadcastMessage',
  rate: { production: 100, test: 10 },
  parameters: { ...SENDER_PARAMETERS, text: requiredText('MessageContent', CONTENT) },
  refusals: { 'room.not-found': CODES.roomNotFound104 },
  fault: CODES.broadcastNotPushed,
  describe: ({ roomId, userId }) => ({ room: roomId, targets: [], reason: '', actor: userId }),
  async run(params, call) {
    const { messageId } = await sendMessage('broadcast', params, call);
    return { MessageId: messageId };
  },
});

/**
 * SendBarrageMessage: a chat message to a room, for high message rates where some messages may be lost (reference zego 2.4).
 *
 * @module
 */

import { CODES } from '../codes.ts';
import { requiredText } from '../params.ts';
import { defineAction } from './action.ts';
import { CONTENT, SENDER_PARAMETERS, sendMessage } from './message.ts';

/** Sends the message to all clients in a room except those with the sender's user id. Clients receive the same message id. */
export const sendBarrageMessage = defineAction({
  name: 'SendBarrageMessage',
  rate: { production: 100, test: 10 },
  parameters: {
    ...SENDER_PARAMETERS,
    text: requiredText('MessageContent', { ...CONTENT, missing: CODES.messageEmpty }),
  },
  refusals: { 'room.not-found': CODES.roomNotFound104 },
  fault: CODES.failed,
  describe: ({ roomId, userId }) => ({ room: roomId, targets: [], reason: '', actor: userId }),
  async run(params, call) {
    const { messageId } = await sendMessage('barrage', params, call);
    return { MessageId: String(messageId) };
  },
});

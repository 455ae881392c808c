/**
 * Ids of messages in this dialect: the same as in the file of a session's chat.
 *
 * Messages are numbered anew in each life of the room, and a session may have several; an id names the life too.
 *
 * @module
 */

const lifeOf = (epoch: string): string => BigInt(epoch).toString(16).padStart(16, '0');

/** Gives a message's id. @param epoch the life of the room: decimal digits */
export function toMessageId(epoch: string, messageId: number): string {
  return `${lifeOf(epoch)}-${String(messageId).padStart(8, '0')}`;
}

/** Gives the number of a message of this life of the room, or undefined where the id names none. */
export function findMessageNumber(id: string, epoch: string): number | undefined {
  const [life, number = ''] = id.split('-');
  return life === lifeOf(epoch) && /^\d+$/.test(number) ? Number(number) : undefined;
}

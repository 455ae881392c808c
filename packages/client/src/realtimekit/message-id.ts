/**
 * Ids of messages in this dialect: the same as in the exported chat of a session.
 *
 * The message numbers restart when the room is created again, which can happen within a session; an id includes the room's epoch.
 *
 * @module
 */

const lifeOf = (epoch: string): string => BigInt(epoch).toString(16).padStart(16, '0');

/** Returns a message's id. @param epoch the room's epoch: decimal digits */
export function toMessageId(epoch: string, messageId: number): string {
  return `${lifeOf(epoch)}-${String(messageId).padStart(8, '0')}`;
}

/** Returns the number of a message of this epoch of the room, or undefined if the id belongs to none. */
export function findMessageNumber(id: string, epoch: string): number | undefined {
  const [life, number = ''] = id.split('-');
  return life === lifeOf(epoch) && /^\d+$/.test(number) ? Number(number) : undefined;
}

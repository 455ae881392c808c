/**
 * Stores of key-value pairs that applications share: present for the call surface, inactive because this server does not
 * synchronize them (reference realtimekit 8.1).
 *
 * @module
 */

import { CODES, RealtimeKitError } from './errors.ts';

/** The stores of a meeting. There are none; `broadcastMessage` sends data to other participants. */
export class StoreManager {
  readonly stores = new Map<string, never>();

  /** @throws RealtimeKitError `0100`: this server has no stores */
  async create(_name: string, _internal?: boolean): Promise<never> {
    return refuse();
  }

  /** @throws RealtimeKitError as `create` */
  async refresh(_name: string): Promise<never> {
    return refuse();
  }
}

function refuse(): never {
  throw new RealtimeKitError(CODES.noStores, 'this server has no stores: use participants.broadcastMessage');
}

/**
 * Converts store events to frames, and requests to commands (STORE).
 *
 * @module
 */

import { type MemberId, type Params, STORE_LIMITS, type StoreEventFrame, type WireStore } from '@gavel/protocol';
import type { CommandOf } from '../rooms/commands.ts';
import type { RoomEventOf } from '../rooms/events.ts';
import type { MemberInfo } from '../rooms/member.ts';
import type { StoreContent, StoreInfo } from '../rooms/stores.ts';
import { requireShort } from './texts.ts';

/** Converts a request to open stores. @throws GavelError `text.too-long` (STORE-5) */
export function openCommand(memberId: MemberId, { names }: Params<'openStores'>): CommandOf<'openStores'> {
  for (const name of names) requireShort(name, STORE_LIMITS.nameBytes);
  return { type: 'openStores', memberId, names };
}

/** Converts a request to change a store. @throws GavelError `text.too-long` (STORE-5) */
export function changeCommand(memberId: MemberId, { name, steps }: Params<'changeStore'>): CommandOf<'changeStore'> {
  requireShort(name, STORE_LIMITS.nameBytes);
  for (const { key } of steps) requireShort(key, STORE_LIMITS.keyBytes);
  return { type: 'changeStore', memberId, name, steps };
}

/** Returns the frame of an event of a store. */
export function storeFrame(event: RoomEventOf<'storeOpened' | 'storeChanged'>): StoreEventFrame {
  const { seq, name } = event;
  if (event.type === 'storeOpened') return { event: 'storeOpened', seq, store: wireStore(event) };
  const changes = event.changes.map(({ key, entry }) => (entry ? { key, value: entry.value } : { key }));
  return { event: 'storeChanged', seq, name, memberId: event.memberId, changes };
}

/** Returns the stores that a member has opened. */
export function wireStores(stores: readonly StoreInfo[], { memberId }: MemberInfo): readonly WireStore[] {
  return stores.filter(({ readerIds }) => readerIds.includes(memberId)).map(wireStore);
}

function wireStore({ name, entries }: StoreContent): WireStore {
  return { name, entries: entries.map(({ key, value }) => ({ key, value })) };
}

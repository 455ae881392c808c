/**
 * The join parameters in the page's address.
 *
 * @module
 */

import type { SourceKind } from './sources.ts';

/** The parameters that the address may contain. */
export interface PageQuery {
  readonly room: string | undefined;
  readonly user: string | undefined;
  readonly name: string | undefined;
  readonly source: SourceKind | undefined;
  /** Whether to join without waiting for the button. */
  readonly autojoin: boolean;
}

/** Reads `?room=..&user=..&name=..&source=test|camera|none&autojoin=1`. */
export function parsePageQuery(search: string): PageQuery {
  const query = new URLSearchParams(search);
  const source = query.get('source');
  return {
    room: query.get('room') ?? undefined,
    user: query.get('user') ?? undefined,
    name: query.get('name') ?? undefined,
    source: source === 'test' || source === 'camera' || source === 'none' ? source : undefined,
    autojoin: query.get('autojoin') === '1',
  };
}

/** Returns such a query; undefined members are omitted. */
export function formatPageQuery(query: Partial<PageQuery>): string {
  const parts = new URLSearchParams();
  for (const key of ['room', 'user', 'name', 'source'] as const) {
    const value = query[key];
    if (value !== undefined && value !== '') parts.set(key, value);
  }
  if (query.autojoin) parts.set('autojoin', '1');
  return `?${parts}`;
}

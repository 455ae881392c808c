/**
 * What every view of the console uses.
 *
 * @module
 */

import type { AdminSession } from '@gavel/protocol/admin';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { AdminClient } from './api/admin-client.ts';
import type { LiveFeed } from './live-feed.ts';
import type { Notices } from './notices.ts';

/** What every view of the console uses. */
export interface ConsoleContext {
  readonly client: AdminClient;
  readonly who: AdminSession;
  readonly live: LiveFeed;
  readonly notices: Notices;
}

/** Provides the context to the views. */
export const ConsoleScope = createContext<ConsoleContext | undefined>(undefined);

/** Returns the context. @throws Error outside the console, which is a bug */
export function useConsole(): ConsoleContext {
  const context = useContext(ConsoleScope);
  if (!context) throw new Error('the component is not inside the console');
  return context;
}

/** Returns whether a user may act on rooms, people, streams and bans. The server judges every call; this hides what it would refuse. */
export const mayModerate = ({ role }: AdminSession): boolean => role !== 'viewer';

/** Returns whether a user may manage Apps, keys and callbacks. */
export const mayManage = ({ role }: AdminSession): boolean => role === 'owner';

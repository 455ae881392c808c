/**
 * What `Rooms` is made with.
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import type { Claims } from '../claims/claims.ts';
import type { Origin, RoomCommand } from '../rooms/commands.ts';
import type { EndedTickets } from '../rooms/ended-tickets.ts';
import type { RoomSettings } from '../rooms/room.ts';

/** Settings of Rooms, in addition to those of each Room. */
export interface RoomsSettings extends RoomSettings {
  /** Maximum number of logins per room in any second (LIM-1). */
  readonly maxLoginsPerSecond: number;
  /** Whether this node may decide for a room that it has; by default it may. A node without a valid lease must not (CLUS-2). */
  readonly mayDecide?: (key: RoomKey) => boolean;
  /** Reports an error that no caller can receive: when silent members are removed, or waiting users are admitted. */
  readonly report?: (error: unknown) => void;
  /** Maximum number of live and reserved streams per App, in both environments; 0 means no limit (LIM-7). */
  readonly maxStreamsPerApp: number;
  /** What is unique or limited beyond one room; by default in memory. */
  readonly claims?: Claims;
  /**
   * Executes a command in a room of the same App that is not among these rooms, wherever it is; by default there is none.
   *
   * @throws GavelError as the command documents
   */
  readonly executeElsewhere?: (key: RoomKey, command: RoomCommand, origin: Origin) => Promise<unknown>;
  /** Why clients were permanently removed; by default stored only in memory. */
  readonly tickets?: EndedTickets;
  /** Keeps audit rows and replies; by default none are kept. */
  readonly commands?: CommandRunner;
}

/** Keeps what commands did, and answers a repeated command with its first reply (AUDIT-1, BUS-2). */
export interface CommandRunner {
  /** Returns whether a command must be executed by `run`. */
  concerns(command: RoomCommand, origin: Origin, commandId?: string): boolean;
  /** Executes a command. `work` gets the id of the call, which belongs to the batch that says what the command did. */
  run<R>(
    call: {
      readonly scope: RoomKey;
      readonly command: RoomCommand;
      readonly origin: Origin;
      readonly commandId?: string | undefined;
      readonly fingerprint?: string | undefined;
      readonly isRetried?: boolean | undefined;
    },
    work: (callId: string) => Promise<R>,
  ): Promise<R>;
}

/**
 * The table of all commands. The help, the completion and the reference page are printed from it.
 *
 * @module
 */

import type { CommandSpec } from './command.ts';
import { ADMIN_TOKEN_COMMANDS } from './commands/admin-token.ts';
import { APP_COMMANDS } from './commands/app.ts';
import { AUDIT_COMMANDS } from './commands/audit.ts';
import { CALLBACK_COMMANDS } from './commands/callback.ts';
import { createCompletion } from './commands/completion.ts';
import { CONFIG_COMMANDS } from './commands/config.ts';
import { CONTEXT_COMMANDS } from './commands/context.ts';
import { DOCTOR_COMMANDS } from './commands/doctor.ts';
import { MODERATION_COMMANDS } from './commands/moderation.ts';
import { ROOM_COMMANDS } from './commands/room.ts';
import { SERVE_COMMANDS } from './commands/serve.ts';
import { TOKEN_COMMANDS } from './commands/token.ts';

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  ...ROOM_COMMANDS,
  ...MODERATION_COMMANDS,
  ...AUDIT_COMMANDS,
  ...CALLBACK_COMMANDS,
  ...APP_COMMANDS,
  ...TOKEN_COMMANDS,
  ...ADMIN_TOKEN_COMMANDS,
  ...CONTEXT_COMMANDS,
  ...CONFIG_COMMANDS,
  ...DOCTOR_COMMANDS,
  ...SERVE_COMMANDS,
  createCompletion(() => COMMANDS),
];

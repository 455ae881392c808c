/**
 * Which commands have an audit row, and what it says (AUDIT-1).
 *
 * Audited are the commands by which a backend or a moderator changes a room or a rule. What users do for themselves (logins,
 * heartbeats, messages, their own streams) is not audited: callbacks and the session history report it.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { isGavelError } from '@gavel/protocol';
import type { AppScope } from '../base/app-scope.ts';
import type { Origin } from '../rooms/commands.ts';
import type { AuditOutcome, AuditRow } from '../store/audit.ts';

/** The scope of a command: a room, or a whole App. */
export type CommandScope = AppScope & { readonly roomId?: AuditRow['roomId'] };

/** A command, as far as its audit row needs it. */
export interface AuditedCommand {
  readonly type: string;
}

/** Commands that are audited whoever sends them, unless the server itself does. */
const AUDITED: ReadonlySet<string> = new Set([
  'kick',
  'mute',
  'setPermissions',
  'pin',
  'answerStage',
  'answerWaiting',
  'refuseWaiting',
  'close',
  'addStream',
  'deleteStream',
  'setRoomInfo',
  'createPoll',
  'setRules',
  'liftRules',
]);

/** Returns whether a command has an audit row. */
export function isAudited(command: AuditedCommand, { channel }: Origin): boolean {
  return channel !== 'server' && channel !== 'media' && AUDITED.has(command.type);
}

/** Returns the audit row of a command. */
export function auditRowOf(
  { appId, environment, roomId }: CommandScope,
  command: AuditedCommand,
  origin: Origin,
  result: { readonly atMs: number; readonly outcome: AuditOutcome; readonly errorCode?: string },
): AuditRow {
  const { type, reason, by } = command as AuditedCommand & { readonly reason?: string; readonly by?: string };
  const { targets, details } = splitTargets(command);
  return {
    id: randomUUID(),
    appId,
    environment,
    ...(roomId !== undefined && { roomId }),
    door: origin.door ?? origin.channel,
    actor: origin.actor ?? by ?? '',
    role: origin.role ?? (by === undefined ? 'backend' : 'member'),
    requestId: origin.requestId,
    action: type,
    reason: reason || origin.reason || '',
    targets,
    details,
    ...result,
  };
}

/** Returns the outcome of a command that failed. */
export function outcomeOf(error: unknown): { readonly outcome: AuditOutcome; readonly errorCode: string } {
  const errorCode = isGavelError(error) ? error.code : 'server.internal';
  return { outcome: errorCode.startsWith('server.') ? 'failed' : 'refused', errorCode };
}

/** Parameters that name what a command is about, with the kind of the target. */
const TARGET_FIELDS: Readonly<Record<string, string>> = {
  userIds: 'user',
  userId: 'user',
  memberIds: 'member',
  streamIds: 'stream',
  streamId: 'stream',
  addresses: 'address',
};

/** What a row says of a command in columns of their own. */
const OWN_COLUMNS: ReadonlySet<string> = new Set(['type', 'reason', 'by']);

/** Divides the parameters of a command into its targets and the others. */
function splitTargets(command: AuditedCommand) {
  const targets = new Set<string>();
  const details: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(command)) {
    if (value === undefined || OWN_COLUMNS.has(name) || addTarget(targets, name, value)) continue;
    if (name === 'targets' && Array.isArray(value)) for (const target of value) addMembers(targets, target);
    else details[name] = value;
    if (name === 'rules' && Array.isArray(value)) {
      for (const { subject = {}, ...rule } of value) {
        addTargets(targets, subject);
        addTargets(targets, rule);
      }
    }
  }
  return { targets: [...targets], details };
}

/** Adds whom a target of a command is about: the user of single logins, if the caller has named it. */
function addMembers(targets: Set<string>, target: Readonly<Record<string, unknown>>): void {
  const { ofUser } = target;
  for (const name in target) if (ofUser === undefined || name !== 'memberIds') addTarget(targets, name, target[name]);
  if (ofUser !== undefined) addTarget(targets, 'userId', ofUser);
}

function addTargets(targets: Set<string>, parameters: Readonly<Record<string, unknown>>): void {
  for (const name in parameters) addTarget(targets, name, parameters[name]);
}

/** Adds what a parameter names. Returns whether it names targets. */
function addTarget(targets: Set<string>, name: string, value: unknown): boolean {
  const kind = TARGET_FIELDS[name];
  if (kind === undefined) return false;
  if (Array.isArray(value)) for (const id of value) targets.add(`${kind}/${id}`);
  else if (value !== undefined) targets.add(`${kind}/${value}`);
  return true;
}

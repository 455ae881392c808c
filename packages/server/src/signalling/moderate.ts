/**
 * Converts moderation requests to commands.
 *
 * @module
 */

import type { MemberId, Params, UserId } from '@gavel/protocol';
import type { RoomCommand } from '../rooms/commands.ts';

const STAGE_ANSWERS = { grantStage: 'grant', denyStage: 'deny', removeFromStage: 'remove' } as const;

/** Converts a moderation request to a command. The Room checks the member's permission (HOST-1). */
export function moderationCommand(by: MemberId, params: Params<'moderate'>): RoomCommand {
  switch (params.action) {
    case 'kick':
      return { type: 'kick', by, targets: [targetOf(params.memberId)], require: 'all', reason: '' };
    case 'accept':
    case 'reject': {
      const memberIds = params.memberIds as MemberId[];
      return { type: 'answerWaiting', by, memberIds, isAccepted: params.action === 'accept' };
    }
    case 'grantStage':
    case 'denyStage':
    case 'removeFromStage': {
      const answer = STAGE_ANSWERS[params.action];
      const targets = params.userIds.map((label) => ({ label, userIds: [label as UserId] }));
      return { type: 'answerStage', by, targets, answer };
    }
    case 'kickAll':
      return { type: 'close', by, reason: '', announce: true };
    case 'pin':
      return { type: 'pin', by, targets: [targetOf(params.memberId)], pinned: params.pinned };
    case 'setPermissions':
      return { type: 'setPermissions', by, targets: params.memberIds.map(targetOf), changes: params.changes };
    case 'mute': {
      const { memberId, kinds, allowUnmute = true } = params;
      return {
        type: 'mute',
        by,
        ...(memberId !== undefined && { targets: [targetOf(memberId)] }),
        require: 'all',
        kinds: { audio: kinds.includes('audio'), video: kinds.includes('video'), screen: kinds.includes('screen') },
        allowUnmute,
      };
    }
  }
}

const targetOf = (memberId: string) => ({ label: memberId, userIds: [], memberIds: [memberId as MemberId] });

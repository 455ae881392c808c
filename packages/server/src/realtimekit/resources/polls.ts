/**
 * Polls of an active session (POLL-7, reference 5.4).
 *
 * @module
 */

import { byteLength, POLL_LIMITS } from '@gavel/protocol';
import { Type } from 'typebox';
import type { PollInfo } from '../../rooms/polls.ts';
import { badRequest } from '../envelope.ts';
import { defineRoute, type ResourceDeps, type Route } from '../route.ts';
import { roomOf } from '../session.ts';
import { requireMeeting, sessionError } from './session-people.ts';

const CREATE_POLL = Type.Object(
  {
    question: Type.String({ minLength: 1, maxLength: POLL_LIMITS.questionBytes }),
    options: Type.Array(Type.String({ minLength: 1, maxLength: POLL_LIMITS.optionBytes }), {
      minItems: 1,
      maxItems: POLL_LIMITS.options,
    }),
    anonymous: Type.Optional(Type.Boolean()),
    hide_votes: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** The route that creates a poll for the App. */
export function pollRoutes({ store, bus }: ResourceDeps): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/:app_id/meetings/:meeting_id/active-session/poll',
      status: 201,
      body: CREATE_POLL,
      takesAnyId: true,
      async handle(call) {
        const { question, options, anonymous = false, hide_votes: hideVotes = false } = call.body;
        refuseLong('question', question, POLL_LIMITS.questionBytes);
        for (const [index, option] of options.entries()) {
          refuseLong(`options[${index}]`, option, POLL_LIMITS.optionBytes);
        }
        const meeting = await requireMeeting(store, call);
        const command = { type: 'createPoll', question, options, anonymous, hideVotes } as const;
        const { poll } = await bus
          .call({ key: roomOf(meeting.appId, meeting.id), command, origin: call.origin })
          .catch((error: unknown) => {
            throw sessionError(error, meeting.id);
          });
        return { data: { action: 'poll', poll: showPoll(poll) } };
      },
    }),
  ];
}

/** Checks the length in bytes; the schema counts characters, which may have several bytes each. */
function refuseLong(field: string, text: string, maxBytes: number): void {
  if (byteLength(text) > maxBytes) {
    throw badRequest(`"${field}" length must be less than or equal to ${maxBytes} bytes long`);
  }
}

/** Formats a new poll: it has no votes, and no participant created it. */
function showPoll({ pollId, question, options, anonymous, hideVotes }: PollInfo) {
  return { id: pollId, question, options, anonymous, hide_votes: hideVotes, voted: [] };
}

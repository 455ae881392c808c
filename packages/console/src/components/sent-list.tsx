/**
 * The sent requests and their answers.
 *
 * @module
 */

import { curlCommand } from '../curl.ts';
import { formatTime } from '../log.ts';
import { nameOf, type SentRequest } from '../moderation.ts';
import type { ModerationCall } from '../signing.ts';
import { CopyButton } from './copy-button.tsx';

/** The sent requests: the newest in full, the earlier ones on demand. */
export function SentList({ sent }: { sent: readonly SentRequest[] }) {
  const [newest, ...earlier] = sent;
  return (
    <div class="answers">
      <div aria-live="polite">
        {newest ? (
          <Sent key={newest.id} request={newest} />
        ) : (
          <p class="hint">
            Each button sends the signed request that your backend would send, and the answer shows here. In dev mode
            the server signs for the page.
          </p>
        )}
      </div>
      {earlier.length > 0 && (
        <details class="earlier">
          <summary>{earlier.length} earlier</summary>
          <div class="earlier-list">
            {earlier.map((request) => (
              <Sent key={request.id} request={request} />
            ))}
          </div>
        </details>
      )}
    </div>
  );
}

function Sent({ request: { call, path, atMs, outcome } }: { request: SentRequest }) {
  const code = outcome.kind === 'answered' ? outcome.answer.code : undefined;
  const isGood = code === 0;
  const isBad = outcome.kind === 'failed' || (outcome.kind === 'answered' && !isGood);
  return (
    <div class={isGood ? 'answer good' : isBad ? 'answer bad' : 'answer'} data-testid="answer" data-code={code ?? ''}>
      <div class="answer-head">
        <strong>{nameOf(path)}</strong>
        <span class="answer-target">{targetOf(call)}</span>
        <time>{formatTime(atMs)}</time>
      </div>
      {outcome.kind === 'sending' && <p>Sending …</p>}
      {outcome.kind === 'failed' && <p>No answer: {outcome.text}</p>}
      {outcome.kind === 'answered' && (
        <dl>
          <Fact name="Code" value={String(code ?? 'none')} />
          <Fact name="Message" value={outcome.answer.message || 'none'} />
          <Fact name="in" value={`${Math.round(outcome.answer.durationMs)} ms`} />
          <Fact name="RequestId" value={outcome.answer.requestId || 'none'} />
          {outcome.answer.httpStatus !== 200 && <Fact name="HTTP" value={String(outcome.answer.httpStatus)} />}
        </dl>
      )}
      <details>
        <summary>curl</summary>
        <div class="call-curl">
          <code>{curlCommand(location.origin, path)}</code>
          <CopyButton text={() => curlCommand(location.origin, path)} testId="answer-copy" />
        </div>
      </details>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function targetOf(call: ModerationCall): string {
  switch (call.kind) {
    case 'kick':
      return call.userId;
    case 'close':
      return call.roomId;
    case 'delete-stream':
      return call.streamId;
  }
}

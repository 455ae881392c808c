/**
 * The thread that posts callbacks: a burst of callbacks does not delay the rooms, which live in the main thread.
 *
 * @module
 */

import { parentPort } from 'node:worker_threads';
import { MessageBatch } from '../base/message-batch.ts';
import { createPoster, type Poster, type PostRequest } from './post.ts';
import { type PosterCommand, type PostResult, sendSoon } from './post-messages.ts';

if (!parentPort) throw new Error('This module runs in a thread.');
const port = parentPort;
const posters = new Map<number, Poster>();
let runningCount = 0;
const results = new MessageBatch<PostResult>(
  (contents) => port.postMessage(contents),
  (send) => sendSoon(send, runningCount),
);

async function post(poster: Poster, { id, request }: Extract<PosterCommand, { readonly kind: 'post' }>): Promise<void> {
  runningCount += 1;
  const result = await attempt(poster, id, request);
  runningCount -= 1;
  results.add(result);
}

async function attempt(poster: Poster, id: number, request: PostRequest): Promise<PostResult> {
  try {
    return { id, outcome: await poster.post(request) };
  } catch (error) {
    return { id, reason: error instanceof Error ? error.message : String(error) };
  }
}

function execute(command: PosterCommand): void {
  if (command.kind === 'open') {
    posters.set(command.poster, createPoster(command));
    return;
  }
  const poster = posters.get(command.poster);
  if (!poster) throw new Error('a command for a poster that is not open');
  if (command.kind === 'post') void post(poster, command);
  else {
    posters.delete(command.poster);
    void poster.close();
  }
}

port.on('message', (commands: readonly PosterCommand[]) => {
  for (const command of commands) execute(command);
});

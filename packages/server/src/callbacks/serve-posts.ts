/**
 * The thread that posts callbacks: a burst of callbacks does not delay the rooms, which live in the main thread.
 *
 * @module
 */

import { parentPort } from 'node:worker_threads';
import { createPoster, type Poster } from './post.ts';
import type { PosterCommand, PostResult } from './post-messages.ts';

if (!parentPort) throw new Error('This module runs in a thread.');
const port = parentPort;
const posters = new Map<number, Poster>();
let results: PostResult[] = [];

/** Sends all results of a turn in one message. */
function report(result: PostResult): void {
  if (results.length === 0) {
    setImmediate(() => {
      port.postMessage(results);
      results = [];
    });
  }
  results.push(result);
}

async function post(poster: Poster, { id, request }: Extract<PosterCommand, { readonly kind: 'post' }>): Promise<void> {
  try {
    const { status } = await poster.post(request);
    report({ id, status });
  } catch (error) {
    report({ id, reason: error instanceof Error ? error.message : String(error) });
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

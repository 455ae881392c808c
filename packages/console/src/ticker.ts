/**
 * A timer in a worker: told an interval in milliseconds, it posts a message every time it has passed.
 *
 * @module
 */

addEventListener('message', (event: MessageEvent<number>) => {
  setInterval(() => postMessage(0), event.data);
});

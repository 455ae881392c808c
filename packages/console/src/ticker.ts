/**
 * A timer in a worker: it receives an interval in milliseconds and posts a message after each interval.
 *
 * @module
 */

addEventListener('message', (event: MessageEvent<number>) => {
  setInterval(() => postMessage(0), event.data);
});

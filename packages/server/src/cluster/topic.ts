/**
 * Topics: what nodes ask of each other, with the types of request and answer. A part declares its topics beside its code.
 *
 * @module
 */

declare const answerType: unique symbol;

/** One kind of request between nodes. Requests and answers are JSON. */
export interface Topic<Request, Answer> {
  /** Unique in the server, such as `bus.call`. */
  readonly name: string;
  /** Returns the lane of a request: requests of one lane from one node to another arrive in the order in which they were sent. */
  readonly laneOf: (request: Request) => string;
  readonly [answerType]?: Answer;
}

/**
 * Declares a topic.
 *
 * ```ts
 * const COUNT_CALL = defineTopic<{ action: string }, { isAllowed: boolean }>('rates.count');
 * ```
 *
 * @param laneOf default: all requests of the topic are in one lane
 */
export function defineTopic<Request, Answer>(
  name: string,
  laneOf: (request: Request) => string = () => name,
): Topic<Request, Answer> {
  return { name, laneOf };
}

/**
 * Reads server-sent events (HTML, 9.2.6).
 *
 * @module
 */

/** One event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Reads events from pieces of text, however they are cut. */
export async function* readEvents(pieces: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let rest = '';
  for await (const piece of pieces) {
    const blocks = `${rest}${piece}`.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event) yield event;
    }
  }
}

/** Returns the event of a block; undefined if it has no data, such as a comment. */
function parseBlock(block: string): ServerEvent | undefined {
  const data: string[] = [];
  let event = 'message';
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}

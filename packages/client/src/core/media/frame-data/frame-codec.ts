/**
 * Writes messages into encoded video frames and reads them from there.
 *
 * H.264: each message is an SEI NAL unit before the first slice, which every decoder skips (H.264 7.3.2.3, D.1). VP8 has no
 * such unit: the messages follow the last partition, whose decoder reads only as many bytes as it needs (RFC 6386 9.5).
 *
 * @module
 */

/** A message in a video frame. */
export interface FrameMessage {
  /** The payload type of the SEI, from 0 to 254: 5 begins with a UUID of 16 bytes, 243 is not registered. */
  readonly type: number;
  /** At most 65,535 bytes. */
  readonly data: Uint8Array;
}

/** Writes and reads messages. */
export interface FrameCodec {
  /** Returns the frame with the messages. */
  write(frame: Uint8Array, messages: readonly FrameMessage[]): Uint8Array;
  /** Returns the messages of a frame, in the order in which they were written. */
  read(frame: Uint8Array): FrameMessage[];
}

/**
 * Creates a codec. The function contains all that it uses: a worker gets it as text.
 *
 * The end of a VP8 frame: for each message its bytes, their number (2 bytes, big-endian) and its type (1 byte); then the number
 * of messages (1 byte) and the mark.
 */
export function createFrameCodec(): FrameCodec {
  const SEI = 6;
  const MAX_SLICE_TYPE = 5;
  const START_CODE = [0, 0, 0, 1];
  const STOP_BIT = 0x80;
  /** Ends a VP8 frame with messages. */
  const MARK = [0xa7, 0x47, 0x61, 0x76, 0x65, 0x6c, 0x53, 0x45];

  /** Whether a frame is H.264 in Annex B form; a VP8 frame that begins with 0 0 1 is a key frame, with its own start code. */
  function isAnnexB(frame: Uint8Array): boolean {
    if (frame[0] !== 0 || frame[1] !== 0) return false;
    if (frame[2] === 0 && frame[3] === 1) return true;
    return frame[2] === 1 && !(frame[3] === 0x9d && frame[4] === 0x01 && frame[5] === 0x2a);
  }

  /** Returns where the start code and the content of each NAL unit begin. */
  function findUnits(frame: Uint8Array): { readonly start: number; readonly content: number }[] {
    const units = [];
    for (let at = 0; at + 3 < frame.length; at += 1) {
      if (frame[at] !== 0 || frame[at + 1] !== 0 || frame[at + 2] !== 1) continue;
      units.push({ start: at > 0 && frame[at - 1] === 0 ? at - 1 : at, content: at + 3 });
      at += 2;
    }
    return units;
  }

  /** Joins a frame's parts. */
  function join(parts: readonly ArrayLike<number>[]): Uint8Array {
    const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  }

  /** Inserts 3 after two zeros where a start code would arise otherwise (H.264 7.4.1). */
  function insertEscapes(bytes: readonly number[]): number[] {
    const escaped: number[] = [];
    let zeros = 0;
    for (const byte of bytes) {
      if (zeros >= 2 && byte <= 3) {
        escaped.push(3);
        zeros = 0;
      }
      escaped.push(byte);
      zeros = byte === 0 ? zeros + 1 : 0;
    }
    return escaped;
  }

  /** Removes what `insertEscapes` inserted. */
  function removeEscapes(bytes: Uint8Array): Uint8Array {
    const plain: number[] = [];
    let zeros = 0;
    for (const byte of bytes) {
      if (zeros >= 2 && byte === 3) {
        zeros = 0;
        continue;
      }
      plain.push(byte);
      zeros = byte === 0 ? zeros + 1 : 0;
    }
    return Uint8Array.from(plain);
  }

  function writeUnit({ type, data }: FrameMessage): number[] {
    const size = [...new Array<number>(Math.floor(data.length / 255)).fill(255), data.length % 255];
    return [...START_CODE, SEI, ...insertEscapes([type, ...size, ...data, STOP_BIT])];
  }

  /** Reads the messages of one SEI NAL unit; what is cut off is ignored. */
  function readUnit(unit: Uint8Array): FrameMessage[] {
    const messages: FrameMessage[] = [];
    let at = 0;
    const readNumber = (): number => {
      let sum = 0;
      while (unit[at] === 255) {
        sum += 255;
        at += 1;
      }
      sum += unit[at] ?? 0;
      at += 1;
      return sum;
    };
    // Zeros may follow the stop bit.
    const end = unit.lastIndexOf(STOP_BIT);
    while (at < end) {
      const type = readNumber();
      const size = readNumber();
      if (at + size > end) break;
      messages.push({ type, data: unit.slice(at, at + size) });
      at += size;
    }
    return messages;
  }

  function readAnnexB(frame: Uint8Array): FrameMessage[] {
    const units = findUnits(frame);
    return units.flatMap(({ content }, index) => {
      if (((frame[content] ?? 0) & 0x1f) !== SEI) return [];
      return readUnit(removeEscapes(frame.subarray(content + 1, units[index + 1]?.start ?? frame.length)));
    });
  }

  function readTrailer(frame: Uint8Array): FrameMessage[] {
    const markAt = frame.length - MARK.length;
    if (markAt < 1 || MARK.some((byte, index) => frame[markAt + index] !== byte)) return [];
    const messages: FrameMessage[] = [];
    let end = markAt - 1;
    for (let count = frame[end] ?? 0; count > 0; count -= 1) {
      const size = ((frame[end - 3] ?? 0) << 8) | (frame[end - 2] ?? 0);
      const begin = end - 3 - size;
      if (begin < 0) return [];
      messages.unshift({ type: frame[end - 1] ?? 0, data: frame.slice(begin, begin + size) });
      end = begin;
    }
    return messages;
  }

  return {
    write(frame, messages) {
      if (isAnnexB(frame)) {
        const isSlice = (content: number) => {
          const type = (frame[content] ?? 0) & 0x1f;
          return type >= 1 && type <= MAX_SLICE_TYPE;
        };
        const at = findUnits(frame).find(({ content }) => isSlice(content))?.start ?? frame.length;
        return join([frame.subarray(0, at), ...messages.map(writeUnit), frame.subarray(at)]);
      }
      const trailer = messages.flatMap(({ type, data }) => [data, [data.length >> 8, data.length & 255, type]]);
      return join([frame, ...trailer, [messages.length], MARK]);
    },
    read: (frame) => (isAnnexB(frame) ? readAnnexB(frame) : readTrailer(frame)),
  };
}

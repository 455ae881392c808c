/**
 * The log of callbacks: a bounded list of lines that can be paused, cleared and copied.
 *
 * @module
 */

import { Store } from './store.ts';

/** The subject of a line; it determines the line's colour. */
export type LogKind = 'room' | 'user' | 'stream' | 'publish' | 'play' | 'message' | 'quality' | 'request' | 'other';

/** One line of the log. */
export interface LogLine {
  readonly id: number;
  readonly atMs: number;
  readonly kind: LogKind;
  /** The callback's name. */
  readonly name: string;
  /** Its arguments as JavaScript literals. */
  readonly text: string;
}

/** The state of the log. */
export interface LogState {
  readonly lines: readonly LogLine[];
  readonly paused: boolean;
  /** Lines that were added while the log was paused; they are shown when it resumes. */
  readonly heldBack: number;
}

/** The maximum number of lines. */
export const MAX_LINES = 400;

/** The log of callbacks. */
export class Log extends Store<LogState> {
  readonly #now: () => number;
  #all: LogLine[] = [];
  #lastId = 0;

  constructor(now: () => number = Date.now) {
    super({ lines: [], paused: false, heldBack: 0 });
    this.#now = now;
  }

  /** Adds a line. */
  add(name: string, args: readonly unknown[], kind: LogKind = kindOf(name)): void {
    this.#lastId += 1;
    const text = args.map(formatArgument).join(', ');
    this.#all = [...this.#all.slice(1 - MAX_LINES), { id: this.#lastId, atMs: this.#now(), kind, name, text }];
    const { paused, heldBack } = this.state;
    if (paused) this.set({ heldBack: heldBack + 1 });
    else this.set({ lines: this.#all });
  }

  /** Pauses or resumes the display of new lines. */
  setPaused(paused: boolean): void {
    if (paused) this.set({ paused: true, heldBack: 0 });
    else this.set({ paused: false, heldBack: 0, lines: this.#all });
  }

  /** Removes all lines. */
  clear(): void {
    this.#all = [];
    this.set({ lines: [], heldBack: 0 });
  }
}

/** Formats lines as text for the clipboard. */
export function formatLines(lines: readonly LogLine[]): string {
  return lines.map((line) => `${formatTime(line.atMs)} ${line.name}(${line.text})`).join('\n');
}

/** Formats a time as local `hh:mm:ss.mmm`. */
export function formatTime(atMs: number): string {
  const date = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** Formats an argument as one line of JSON; a string that contains JSON is put in single quotes, without backslashes. */
export function formatArgument(value: unknown): string {
  if (value === undefined) return 'undefined';
  const json = JSON.stringify(value, (_key, inner: unknown) => toPlain(inner)) ?? String(value);
  return json.replace(/"(?:[^"\\]|\\.)*"/g, (literal) => {
    const text = JSON.parse(literal) as string;
    return /^[[{].*[\]}]$/s.test(text) && !/['\\\n]/.test(text) ? `'${text}'` : literal;
  });
}

function toPlain(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isInteger(value)) return Math.round(value * 1000) / 1000;
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return `Uint8Array(${value.length})`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return value;
}

function kindOf(name: string): LogKind {
  if (name.endsWith('QualityUpdate') || /soundLevel|networkQuality/i.test(name)) return 'quality';
  if (/^roomState/.test(name) || name === 'tokenWillExpire') return 'room';
  if (/User/.test(name)) return 'user';
  if (/^publisher/.test(name)) return 'publish';
  if (/^player/.test(name)) return 'play';
  if (/stream|remote(Camera|Mic)/i.test(name)) return 'stream';
  if (/^IMRecv|Transparent/.test(name)) return 'message';
  return 'other';
}

/** Formats a duration as a short text, such as `1 min 20 s`. */
export function formatElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

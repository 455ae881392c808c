/**
 * The live log of callbacks.
 *
 * @module
 */

import { useEffect, useRef, useState } from 'preact/hooks';
import { copyText } from '../clipboard.ts';
import { formatLines, formatTime, type Log } from '../log.ts';
import { useStore } from '../use-store.ts';
import { Panel } from './panel.tsx';

/** How near to its end a list must stand to follow new lines, in CSS pixels. */
const FOLLOW_PX = 40;

/** The live log of callbacks. */
export function LogPanel({ log }: { log: Log }) {
  const { lines, paused, heldBack } = useStore(log);
  const [showsQuality, setShowsQuality] = useState(false);
  const [copied, setCopied] = useState('');
  const list = useRef<HTMLOListElement>(null);
  const isFollowing = useRef(true);
  const lastTop = useRef(0);
  const shown = showsQuality ? lines : lines.filter((line) => line.kind !== 'quality');

  // New lines are what moves the list to its end.
  useEffect(() => {
    if (isFollowing.current) list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [lines, showsQuality]);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(''), 2000);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = async () => setCopied((await copyText(formatLines(shown))) ? 'Copied' : 'Not copied');
  const actions = (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={showsQuality}
          data-testid="log-quality"
          onChange={(event) => setShowsQuality(event.currentTarget.checked)}
        />
        <span>Quality reports</span>
      </label>
      <button
        type="button"
        class="button small"
        aria-pressed={paused}
        data-testid="log-pause"
        onClick={() => log.setPaused(!paused)}
      >
        {paused ? `Go on${heldBack > 0 ? ` (${heldBack})` : ''}` : 'Pause'}
      </button>
      <button type="button" class="button small" data-testid="log-copy" onClick={() => void copy()}>
        <span aria-live="polite">{copied || 'Copy'}</span>
      </button>
      <button type="button" class="button small" data-testid="log-clear" onClick={() => log.clear()}>
        Clear
      </button>
    </>
  );
  return (
    <Panel title="SDK callbacks" name="log" actions={actions}>
      <ol
        class="log-lines"
        ref={list}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reachable by keyboard.
        tabIndex={0}
        aria-label="Callbacks, oldest first"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          // Only a reader scrolls up; the distance to the end alone also grows by lines that have just come.
          if (scrollHeight - scrollTop - clientHeight < FOLLOW_PX) isFollowing.current = true;
          else if (scrollTop < lastTop.current) isFollowing.current = false;
          lastTop.current = scrollTop;
        }}
      >
        {shown.length === 0 && <li class="empty">Every callback shows here, with its arguments, as it comes.</li>}
        {shown.map((line) => (
          <li key={line.id} class={`kind-${line.kind}`} data-testid="log-line" data-name={line.name}>
            <time>{formatTime(line.atMs)}</time>
            <span class="log-name">{line.name}</span>
            <span class="log-args">{line.text}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

/**
 * The live log of callbacks.
 *
 * @module
 */

import { useState } from 'preact/hooks';
import { formatLines, formatTime, type Log } from '../log.ts';
import { useFollowEnd } from '../use-follow-end.ts';
import { useStore } from '../use-store.ts';
import { CopyButton } from './copy-button.tsx';
import { Panel } from './panel.tsx';

/** The live log of callbacks. */
export function LogPanel({ log }: { log: Log }) {
  const { lines, paused, heldBack } = useStore(log);
  const [showsQuality, setShowsQuality] = useState(false);
  const shown = showsQuality ? lines : lines.filter((line) => line.kind !== 'quality');
  const list = useFollowEnd<HTMLOListElement>(shown.at(-1));

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
        {paused ? `Resume${heldBack > 0 ? ` (${heldBack})` : ''}` : 'Pause'}
      </button>
      <CopyButton text={() => formatLines(shown)} testId="log-copy" />
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
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable list must be reachable by keyboard.
        tabIndex={0}
        aria-label="Callbacks, oldest first"
      >
        {shown.length === 0 && <li class="empty">Callbacks and their arguments appear here.</li>}
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

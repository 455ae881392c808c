/**
 * Small parts that several views share.
 *
 * @module
 */

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { formatCount, formatDuration, formatTime } from '../format.ts';

/** The title of a view, which is also that of the page, with its actions. */
export function ViewHead(props: { title: string; sub?: ComponentChildren; children?: ComponentChildren }) {
  const { title, sub, children } = props;
  useEffect(() => {
    document.title = `${title} · Gavel console`;
  }, [title]);
  return (
    <header class="view-head">
      <div>
        <h1 tabIndex={-1} data-focus-start>
          {title}
        </h1>
        {sub && <p class="sub">{sub}</p>}
      </div>
      {children && <div class="view-actions">{children}</div>}
    </header>
  );
}

/** A framed part of a view with its title. */
export function Panel(props: {
  title: string;
  count?: number | undefined;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  const { title, count, actions, children } = props;
  return (
    <section class="panel" aria-label={title}>
      <div class="panel-head">
        <h2>
          {title}
          {count !== undefined && <span class="count">{formatCount(count)}</span>}
        </h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** Why data could not be loaded; what is shown may be old. */
export function LoadError({ error, onRetry }: { error: string; onRetry: () => void }) {
  if (error === '') return null;
  return (
    <p class="load-error" role="alert" data-testid="load-error">
      {error}{' '}
      <button type="button" class="link" onClick={onRetry}>
        Try again
      </button>
    </p>
  );
}

/** The meaning of a badge's colour. */
export type Tone = 'plain' | 'good' | 'warn' | 'danger';

/** A short state, such as `pending`. */
export function Badge({ tone = 'plain', children }: { tone?: Tone | undefined; children: ComponentChildren }) {
  return (
    <span class="badge" data-tone={tone}>
      {children}
    </span>
  );
}

/** Returns the time, which is new each second while the component is shown. */
export function useNow(): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}

/** A moment; its title is the exact one. */
export function Time({ atMs }: { atMs: number }) {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={new Date(atMs).toLocaleString('en-GB')}>
      {formatTime(atMs, Date.now())}
    </time>
  );
}

/** The time since a moment, which counts up. */
export function Age({ sinceMs }: { sinceMs: number }) {
  const nowMs = useNow();
  return <span title={new Date(sinceMs).toLocaleString('en-GB')}>{formatDuration(nowMs - sinceMs)}</span>;
}

/** Returns what a table without rows says: that it is empty, is loading, or could not be loaded. */
export function describeEmpty(list: { readonly data: unknown; readonly error: string }, text: string): string {
  if (list.data !== undefined) return text;
  return list.error === '' ? 'Loading …' : 'Not loaded.';
}

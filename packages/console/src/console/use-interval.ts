/**
 * Repeated work in components.
 *
 * @module
 */

import { useEffect, useRef } from 'preact/hooks';

/** Calls the latest callback again and again while the component is shown and its page is visible. */
export function useInterval(callback: () => void, periodMs: number): void {
  const latest = useRef(callback);
  latest.current = callback;
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && latest.current(), periodMs);
    return () => clearInterval(timer);
  }, [periodMs]);
}

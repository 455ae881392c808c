/**
 * Focus that is lost when its control disappears.
 *
 * @module
 */

/**
 * Moves the focus to an element inside `root` that `findFallback` returns when the focused control is removed from the
 * page. Otherwise keyboard focus restarts at the top, and a screen reader is silent. Returns a function that stops this.
 */
export function watchLostFocus(root: Element, findFallback: () => HTMLElement | null): () => void {
  let last: Element | undefined;
  const handleFocus = (event: FocusEvent) => {
    last = event.target instanceof Element ? event.target : undefined;
  };
  const observer = new MutationObserver(() => {
    if (!last || last.isConnected || document.activeElement !== document.body) return;
    last = undefined;
    findFallback()?.focus({ preventScroll: true });
  });
  root.addEventListener('focusin', handleFocus as EventListener);
  observer.observe(root, { childList: true, subtree: true });
  return () => {
    root.removeEventListener('focusin', handleFocus as EventListener);
    observer.disconnect();
  };
}

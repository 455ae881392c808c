/**
 * Focus that is lost when its control disappears.
 *
 * @module
 */

/**
 * Moves the focus to an element inside `root` that `findFallback` gives when the focused control was taken out of the
 * page: otherwise a keyboard starts again at the top, and a screen reader says nothing. Returns a function that ends it.
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

/**
 * A double click belongs to the control that it began on.
 *
 * Whoever double clicks a button that disappears or changes its meaning must not hit what is under the pointer
 * afterwards: leaving the page's room must not join another, stopping a stream must not publish it again.
 *
 * @module
 */

/** The longest time between two clicks of one double click, in milliseconds. */
const DOUBLE_CLICK_MS = 600;
/** How far apart the two clicks may be, in CSS pixels. */
const DOUBLE_CLICK_PX = 24;

/** A click on a control. */
export interface ControlClick {
  readonly control: object;
  /** What the control said at that moment. */
  readonly label: string;
  readonly atMs: number;
  readonly x: number;
  readonly y: number;
}

/** Returns whether a click is the second half of a double click that began on something else. */
export function isStrayClick(previous: ControlClick | undefined, click: ControlClick): boolean {
  if (!previous || click.atMs - previous.atMs > DOUBLE_CLICK_MS) return false;
  if (Math.hypot(click.x - previous.x, click.y - previous.y) > DOUBLE_CLICK_PX) return false;
  return click.control !== previous.control || click.label !== previous.label;
}

/** Stops stray clicks of the pointer before any control sees them. Returns a function that ends it. */
export function stopStrayClicks(target: Document): () => void {
  let previous: ControlClick | undefined;
  const handleClick = (event: MouseEvent) => {
    // Keys and assistive technology click without a place: focus decides there.
    if (event.detail === 0) return;
    const control = event.target instanceof Element && event.target.closest('button, a, summary, label');
    if (!control) return;
    const label = control.getAttribute('aria-label') ?? control.textContent ?? '';
    const click = { control, label, atMs: event.timeStamp, x: event.clientX, y: event.clientY };
    const isStray = isStrayClick(previous, click);
    previous = isStray ? { ...click, control: previous?.control ?? control, label: previous?.label ?? label } : click;
    if (!isStray) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  target.addEventListener('click', handleClick, true);
  return () => target.removeEventListener('click', handleClick, true);
}

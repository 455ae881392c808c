/**
 * A double click belongs to the control on which it started.
 *
 * If a double-clicked button disappears or changes its meaning, the second click must not act on the control that is
 * then under the pointer: leaving a room must not join another, and stopping a stream must not publish it again.
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
  /** The control's label at the time of the click. */
  readonly label: string;
  readonly atMs: number;
  readonly x: number;
  readonly y: number;
}

/** Returns whether a click is the second half of a double click that started on something else. */
export function isStrayClick(previous: ControlClick | undefined, click: ControlClick): boolean {
  if (!previous || click.atMs - previous.atMs > DOUBLE_CLICK_MS) return false;
  if (Math.hypot(click.x - previous.x, click.y - previous.y) > DOUBLE_CLICK_PX) return false;
  return click.control !== previous.control || click.label !== previous.label;
}

/** Suppresses stray pointer clicks before any control receives them. Returns a function that stops this. */
export function stopStrayClicks(target: Document): () => void {
  let previous: ControlClick | undefined;
  const handleClick = (event: MouseEvent) => {
    // Clicks from keys and assistive technology have no position: the focus determines their target.
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

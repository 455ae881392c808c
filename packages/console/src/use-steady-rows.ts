/**
 * Steady rows in components.
 *
 * @module
 */

import { useEffect, useRef, useState } from 'preact/hooks';
import { hasMoved, keepRows, type Row, type SteadyRow, showRows } from './steady-rows.ts';

/** How long rows keep their place after the pointer has left, in milliseconds. */
const HOLD_AFTER_POINTER_MS = 800;
/** The same after a touch, where no pointer remains. */
const HOLD_AFTER_TOUCH_MS = 3_000;
/** How long clicks are ignored after rows have moved, because they were aimed at the previous row. */
const IGNORE_AFTER_MOVE_MS = 400;

/** Handlers for the element around the rows. */
export interface SteadyHandlers {
  readonly onPointerMove: (event: PointerEvent) => void;
  readonly onPointerDown: (event: PointerEvent) => void;
  readonly onPointerLeave: (event: PointerEvent) => void;
  readonly onFocusIn: (event: FocusEvent) => void;
  readonly onFocusOut: (event: FocusEvent) => void;
  readonly onClickCapture: (event: MouseEvent) => void;
}

/** Keeps rows in place while the pointer or the keyboard focus is on them, and for a short time after. */
export function useSteadyRows<R extends Row>(
  wanted: readonly R[],
): { shown: readonly SteadyRow<R>[]; handlers: SteadyHandlers } {
  const [isPointed, setIsPointed] = useState(false);
  const [isFocused, setIsFocused] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const shown = useRef<readonly SteadyRow<R>[]>([]);
  const movedAtMs = useRef(Number.NEGATIVE_INFINITY);

  const next = isPointed || isFocused ? keepRows(shown.current, wanted) : showRows(wanted);
  if (hasMoved(shown.current, next)) movedAtMs.current = performance.now();
  shown.current = next;

  useEffect(() => () => clearTimeout(timer.current), []);

  const point = (releaseAfterMs?: number) => {
    clearTimeout(timer.current);
    setIsPointed(true);
    if (releaseAfterMs !== undefined) timer.current = setTimeout(() => setIsPointed(false), releaseAfterMs);
  };
  const releaseDelayOf = (event: PointerEvent) =>
    event.pointerType === 'mouse' ? HOLD_AFTER_POINTER_MS : HOLD_AFTER_TOUCH_MS;
  const handlers: SteadyHandlers = {
    onPointerMove: (event) => point(event.pointerType === 'mouse' ? undefined : HOLD_AFTER_TOUCH_MS),
    onPointerDown: (event) => point(event.pointerType === 'mouse' ? undefined : HOLD_AFTER_TOUCH_MS),
    onPointerLeave: (event) => point(releaseDelayOf(event)),
    // A mouse click also focuses; the pointer handlers cover that case.
    onFocusIn: (event) => setIsFocused(event.target instanceof Element && event.target.matches(':focus-visible')),
    onFocusOut: (event) => {
      const { currentTarget, relatedTarget } = event;
      if (currentTarget instanceof Node && relatedTarget instanceof Node && currentTarget.contains(relatedTarget))
        return;
      setIsFocused(false);
    },
    onClickCapture: (event) => {
      if (event.detail === 0 || performance.now() - movedAtMs.current >= IGNORE_AFTER_MOVE_MS) return;
      event.preventDefault();
      event.stopPropagation();
    },
  };
  return { shown: next, handlers };
}

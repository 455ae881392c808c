/**
 * The width of tiles in components.
 *
 * @module
 */

import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { findTileWidth } from './tile-layout.ts';

/** The space between tiles, in CSS pixels. */
const GAP_PX = 12;

/** Returns a ref for the container of the tiles, and the width of each tile in CSS pixels. */
export function useTileWidth(count: number): { stage: RefObject<HTMLDivElement | null>; width: number } {
  const stage = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = stage.current;
    if (!element) return undefined;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { stage, width: findTileWidth(count, size.width, size.height, GAP_PX) };
}

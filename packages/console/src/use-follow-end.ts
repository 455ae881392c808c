/**
 * Lists that scroll to new lines automatically.
 *
 * @module
 */

import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

/** The maximum distance from its end at which a list follows new lines, in CSS pixels. */
const FOLLOW_PX = 40;

/** Keeps a list scrolled to its end as `lines` grows, until the reader scrolls up. */
export function useFollowEnd<Target extends HTMLElement>(lines: unknown): RefObject<Target | null> {
  const list = useRef<Target>(null);
  const isFollowing = useRef(true);

  useLayoutEffect(() => {
    const element = list.current;
    if (element && isFollowing.current) element.scrollTop = element.scrollHeight;
  }, [lines]);

  useEffect(() => {
    const element = list.current;
    if (!element) return undefined;
    let lastTop = 0;
    const handleScroll = () => {
      const { scrollHeight, scrollTop, clientHeight } = element;
      // Only the reader scrolls up; the distance to the end alone also grows when lines are added.
      if (scrollHeight - scrollTop - clientHeight < FOLLOW_PX) isFollowing.current = true;
      else if (scrollTop < lastTop) isFollowing.current = false;
      lastTop = scrollTop;
    };
    // A hidden list has no scroll position.
    const observer = new ResizeObserver(() => {
      if (isFollowing.current) element.scrollTop = element.scrollHeight;
    });
    element.addEventListener('scroll', handleScroll, { passive: true });
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', handleScroll);
      observer.disconnect();
    };
  }, []);
  return list;
}

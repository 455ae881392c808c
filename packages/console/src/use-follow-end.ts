/**
 * Lists that follow their end.
 *
 * @module
 */

import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

/** How near to its end a list must stand to follow new lines, in CSS pixels. */
const FOLLOW_PX = 40;

/** Keeps a list that scrolls at its end while lines come, until the reader scrolls up; `lines` is what it shows. */
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
      // Only a reader scrolls up; the distance to the end alone also grows by lines that have just come.
      if (scrollHeight - scrollTop - clientHeight < FOLLOW_PX) isFollowing.current = true;
      else if (scrollTop < lastTop) isFollowing.current = false;
      lastTop = scrollTop;
    };
    // A list that was not shown had no end to stand at.
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

/**
 * A chart of one figure over the last hour.
 *
 * @module
 */

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatCount } from '../format.ts';

/** One value of a chart. */
export interface ChartPoint {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly value: number;
}

/** The properties of a chart. */
export interface ChartProps {
  readonly title: string;
  readonly points: readonly ChartPoint[];
  /** The end of the time axis, in milliseconds since the Unix epoch. It begins an hour before. */
  readonly endMs: number;
}

const HEIGHT_PX = 120;
const HOUR_S = 3600;

/** A chart of one figure over the last hour, as steps from sample to sample. Its label has the figures as text. */
export function Chart({ title, points, endMs }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | undefined>(undefined);
  const scheme = useColorScheme();
  const peak = points.reduce((highest, { value }) => Math.max(highest, value), 0);
  const now = points.at(-1)?.value ?? 0;

  useLayoutEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const drawn = new UPlot(makeOptions(element), [[], []], element);
    plot.current = drawn;
    const observer = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
      plot.current = undefined;
    };
  }, [scheme]);
  useEffect(() => {
    plot.current?.setData([points.map(({ atMs }) => atMs / 1000), points.map(({ value }) => value)], false);
    plot.current?.setScale('x', { min: endMs / 1000 - HOUR_S, max: endMs / 1000 });
  }, [points, endMs, scheme]);

  return (
    <section class="chart">
      <h3>
        {title}
        <span>most: {formatCount(peak)}</span>
      </h3>
      <div
        ref={host}
        class="chart-plot"
        role="img"
        aria-label={`${title} in the last hour: now ${formatCount(now)}, at most ${formatCount(peak)}`}
      />
    </section>
  );
}

/** Returns the colours that the browser prefers; the canvas is drawn again when that changes. */
function useColorScheme(): string {
  const query = '(prefers-color-scheme: dark)';
  const [isDark, setIsDark] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const update = () => setIsDark(list.matches);
    list.addEventListener('change', update);
    return () => list.removeEventListener('change', update);
  }, []);
  return isDark ? 'dark' : 'light';
}

function makeOptions(element: HTMLElement): UPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const grid = { stroke: colour('--line'), width: 1 };
  const axis = { stroke: colour('--muted'), font: '11px system-ui, sans-serif', ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    padding: [8, 6, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, auto: false },
      // Whole numbers, from zero, so that a single room is not a full chart.
      y: { range: (_plot, _min, max) => [0, Math.max(4, Math.ceil((max ?? 0) * 1.15))] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 22, space: 60, values: (_plot, times) => times.map(formatMinute) },
      { ...axis, grid, size: 40, space: 30, incrs: WHOLE_STEPS },
    ],
    series: [
      {},
      {
        stroke: colour('--accent'),
        fill: colour('--accent-soft'),
        width: 1.5,
        points: { show: false },
        ...(UPlot.paths.stepped && { paths: UPlot.paths.stepped({ align: 1 }) }),
      },
    ],
  };
}

const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];

const formatMinute = (atS: number): string => new Date(atS * 1000).toLocaleTimeString('en-GB').slice(0, 5);

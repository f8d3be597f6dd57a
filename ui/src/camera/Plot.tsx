// Lines over time on a canvas, by uPlot, in the colours of the theme. Loaded only with charts.
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Line } from './minutes';

export type Tone = 'accent' | 'warning';

interface PlotProps {
  times: number[];
  lines: { tone: Tone; values: Line }[];
  format: (value: number) => string;
  /** Only whole numbers beside the lines. */
  whole: boolean;
  /** Drawn anew when it changes, as a canvas does not follow the theme. */
  theme: string;
}

const HEIGHT = 132;
const FONT = '11px "Inter Variable", Inter, "Segoe UI", system-ui, sans-serif';
const WHOLE_STEPS = [1, 2, 5]
  .flatMap((step) => [0, 1, 2, 3, 4, 5].map((power) => step * 10 ** power))
  .sort((a, b) => a - b);
/** The last minutes, however few of them there are yet. */
const SPAN_SECONDS = 300;

export default function Plot({ times, lines, format, whole, theme }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const formatted = useRef(format);
  formatted.current = format;
  const tones = lines.map(({ tone }) => tone).join(' ');
  const data = [times, ...lines.map(({ values }) => values)] as uPlot.AlignedData;
  const first = useRef(data);
  first.current = data;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const axis: uPlot.Axis = {
      stroke: colour('text-quiet'),
      font: FONT,
      grid: { stroke: colour('line'), width: 1 },
      ticks: { show: false },
    };
    const made = new uPlot(
      {
        width: element.offsetWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        padding: [8, 4, 0, 0],
        scales: {
          x: { time: true, range: (_, __, most) => [most - SPAN_SECONDS, most] },
          // From zero: half the rate looks like half. A flat zero needs some height, too.
          y: { range: (_, __, most) => [0, Math.max((most ?? 0) * 1.15, 1)] },
        },
        axes: [
          { ...axis, size: 24, space: 70, grid: { show: false }, values: clock },
          {
            ...axis,
            size: 48,
            space: 36,
            ...(whole && { incrs: WHOLE_STEPS }),
            values: (_, ticks) => ticks.map((tick) => formatted.current(tick)),
          },
        ],
        series: [
          {},
          ...tones.split(' ').map((tone) => ({
            stroke: colour(tone),
            ...(tone === 'accent' && {
              fill: `color-mix(in srgb, ${colour(tone)} 14%, transparent)`,
            }),
            width: 1.5,
            points: { show: false },
          })),
        ],
      },
      first.current,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.offsetWidth, height: HEIGHT }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [tones, whole, theme]);

  useEffect(() => plot.current?.setData(data));

  return <div ref={box} style={{ height: HEIGHT }} />;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

function clock(_: uPlot, ticks: number[]): string[] {
  return ticks.map((tick) => (tick % 60 === 0 ? CLOCK.format(tick * 1000) : ''));
}

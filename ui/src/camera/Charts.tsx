// What came from the camera and reached its readers in the last minutes: four small charts, each
// with its numbers in words for who cannot see it.
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useShell } from '../app/shell';
import { type Line, type Minutes, summaryOf } from './minutes';
import type { Tone } from './Plot';

const Plot = lazy(() => import('./Plot'));

export function Charts({ minutes }: { minutes: Minutes | undefined }) {
  const { t, i18n } = useTranslation();
  const number = (digits: number) => (value: number) =>
    new Intl.NumberFormat(i18n.language, { maximumFractionDigits: digits }).format(value);
  const integer = number(0);
  const tenth = number(1);
  const lines = (values: Line | undefined, tone: Tone = 'accent') => ({
    tone,
    values: values ?? [],
  });
  return (
    <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-4">
      <Chart
        title={t('camera.chart.fps')}
        times={minutes?.times}
        lines={[lines(minutes?.fps)]}
        format={tenth}
        whole
      />
      <Chart
        title={t('camera.chart.bitrate')}
        unit="Mbit/s"
        times={minutes?.times}
        lines={[lines(minutes?.bitrate)]}
        format={tenth}
      />
      <Chart
        title={t('camera.chart.latency')}
        unit="ms"
        nothing={t('camera.chart.noReader')}
        times={minutes?.times}
        lines={[lines(minutes?.latency)]}
        format={integer}
        whole
      />
      <Chart
        title={t('camera.chart.drops')}
        counts
        times={minutes?.times}
        lines={[
          { ...lines(minutes?.dropped), name: t('camera.chart.dropped') },
          { ...lines(minutes?.lost, 'warning'), name: t('camera.chart.lost') },
        ]}
        format={integer}
        whole
      />
    </div>
  );
}

interface ChartProps {
  title: string;
  unit?: string;
  /** Single things, of which the sum counts, instead of a rate. */
  counts?: boolean;
  /** Said in place of a line that has no value at all. */
  nothing?: string;
  times: number[] | undefined;
  lines: { tone: Tone; values: Line; name?: string }[];
  format: (value: number) => string;
  whole?: boolean;
}

function Chart({
  title,
  unit,
  counts = false,
  whole = false,
  nothing,
  times,
  lines,
  format,
}: ChartProps) {
  const { t } = useTranslation();
  const { theme } = useShell();
  const withUnit = (value: number) => (unit ? `${format(value)} ${unit}` : format(value));
  const summaries = lines.map(({ values, name }) => ({ name, summary: summaryOf(values) }));
  const words = summaries.flatMap(({ name, summary }) => {
    if (!summary) return [];
    const said = counts
      ? t('camera.chart.total', { total: format(summary.total) })
      : t('camera.chart.summary', {
          now: withUnit(summary.now),
          least: withUnit(summary.least),
          most: withUnit(summary.most),
        });
    return [name ? `${name}: ${said}` : said];
  });
  const empty = words.length === 0;
  const why = times === undefined ? t('page.loading') : (nothing ?? t('camera.chart.nothing'));
  return (
    <figure className="min-w-0 rounded-xl border border-line bg-surface p-3">
      <figcaption className="flex flex-wrap items-baseline justify-between gap-x-3 text-sm">
        <span className="text-quiet">{title}</span>
        {!counts && summaries[0]?.summary && (
          <span aria-hidden className="font-semibold">
            {withUnit(summaries[0].summary.now)}
          </span>
        )}
        {counts && (
          <span aria-hidden className="flex flex-wrap gap-x-3">
            {summaries.map(({ name, summary }, i) => (
              <span key={name} className="flex items-center gap-1.5 text-quiet">
                <span
                  className={`h-0.5 w-3 ${lines[i]?.tone === 'warning' ? 'bg-warning' : 'bg-accent'}`}
                />
                {name}
                <span className="font-semibold text-text">{format(summary?.total ?? 0)}</span>
              </span>
            ))}
          </span>
        )}
      </figcaption>
      {empty ? (
        <p className="grid h-[132px] place-items-center text-center text-sm text-quiet">{why}</p>
      ) : (
        <div role="img" aria-label={`${title}. ${words.join(' ')}`}>
          <Suspense fallback={<div className="h-[132px]" />}>
            <Plot times={times ?? []} lines={lines} format={format} whole={whole} theme={theme} />
          </Suspense>
        </div>
      )}
    </figure>
  );
}

// The quiet line over the cameras: which layout, and which page of it.
import { ChevronLeft, ChevronRight, Gauge } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { cn } from '../lib/cn';
import { columnsOf, LAYOUTS, type Layout, placesOf } from './layout';
import { toggleOverlay, useOverlay } from './overlayChoice';

interface LayoutBarProps {
  layout: Layout;
  onLayout: (layout: Layout) => void;
  page: number;
  pages: number;
  onPage: (page: number) => void;
}

const BUTTON =
  'grid size-6 place-items-center rounded text-text hover:bg-raised disabled:opacity-40 focus-visible:outline-offset-0 [&_svg]:size-4';

export function LayoutBar({ layout, onLayout, page, pages, onPage }: LayoutBarProps) {
  const { t } = useTranslation();
  const overlay = useOverlay();
  const name = (each: Layout) => {
    const columns = columnsOf(each);
    if (columns !== null) return t('watch.columns', { count: columns });
    const places = placesOf(each);
    return places === null ? t('watch.auto') : t('watch.places', { count: places });
  };
  return (
    <div className="flex min-h-8 shrink-0 items-center justify-end gap-2 px-2 text-xs text-quiet">
      {pages > 1 && (
        <>
          <button
            type="button"
            aria-label={t('watch.previous')}
            disabled={page === 0}
            onClick={() => onPage(page - 1)}
            className={BUTTON}
          >
            <ChevronLeft aria-hidden />
          </button>
          <span role="status">{t('watch.page', { page: page + 1, pages })}</span>
          <button
            type="button"
            aria-label={t('watch.next')}
            disabled={page === pages - 1}
            onClick={() => onPage(page + 1)}
            className={BUTTON}
          >
            <ChevronRight aria-hidden />
          </button>
        </>
      )}
      <button
        type="button"
        data-testid="overlay"
        aria-label={t('overlay.toggle')}
        title={t('overlay.toggle')}
        aria-keyshortcuts="O"
        aria-pressed={overlay}
        onClick={toggleOverlay}
        className={cn(BUTTON, overlay && 'bg-raised')}
      >
        <Gauge aria-hidden />
      </button>
      <select
        data-testid="layout"
        aria-label={t('watch.layout')}
        value={layout}
        onChange={(event) => onLayout(event.target.value as Layout)}
        className="rounded bg-surface px-1.5 py-0.5 text-text focus-visible:outline-offset-0"
      >
        {LAYOUTS.map((each) => (
          <option key={each} value={each}>
            {name(each)}
          </option>
        ))}
      </select>
    </div>
  );
}

// The frame of every page but the cameras': back, title, actions, and room that scrolls.
import { ArrowLeft } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '../lib/cn';
import { formatRoute, type Route } from './routes';

interface PageProps {
  title: string;
  /** Beside the title: a state, a count. */
  beside?: ReactNode;
  /** Where the arrow leads; without it the page has none. */
  back?: Route;
  /** Buttons at the right. */
  actions?: ReactNode;
  /** The whole width instead of a readable one, for tables and pictures. */
  wide?: boolean;
  children: ReactNode;
}

export function Page({ title, beside, back, actions, wide = false, children }: PageProps) {
  const { t } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    document.title = `${title} – ${t('app.name')}`;
    return () => {
      document.title = t('app.name');
    };
  }, [title, t]);

  // A page that was just opened is read from its title, not from the link that led to it.
  useEffect(() => {
    const active = document.activeElement;
    if (active === null || active === document.body) heading.current?.focus();
  }, []);

  const room = cn('mx-auto w-full px-6', wide ? 'max-w-[110rem]' : 'max-w-4xl');
  return (
    <div className="min-h-0 flex-1 overflow-y-auto [scrollbar-width:thin] fade-in">
      <header className="sticky top-0 z-10 bg-ground">
        <div className={cn(room, 'flex min-h-16 flex-wrap items-center gap-x-3 gap-y-2 py-3')}>
          {back && (
            <a
              href={formatRoute(back)}
              aria-label={t('page.back')}
              title={t('page.back')}
              className="-ml-2 grid size-9 place-items-center rounded-lg text-quiet hover:bg-raised hover:text-text"
            >
              <ArrowLeft aria-hidden className="size-5" />
            </a>
          )}
          <h1
            ref={heading}
            tabIndex={-1}
            className="min-w-0 truncate text-lg font-semibold outline-none select-text"
          >
            {title}
          </h1>
          {beside}
          {actions && <div className="ml-auto flex flex-wrap items-center gap-2">{actions}</div>}
        </div>
      </header>
      <div className={cn(room, 'pt-2 pb-10')}>{children}</div>
    </div>
  );
}

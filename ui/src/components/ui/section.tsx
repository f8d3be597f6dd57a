// A titled part of a page.
import { type ReactNode, useId } from 'react';
import { cn } from '../../lib/cn';

interface SectionProps {
  title: ReactNode;
  /** Beside the title. */
  beside?: ReactNode;
  className?: string;
  /** Without the card around it, for tables and lists that have lines of their own. */
  bare?: boolean;
  children: ReactNode;
}

export function Section({ title, beside, className, bare = false, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={className}>
      <div className="mb-2 flex min-h-7 items-baseline gap-3">
        <h2 id={id} className="text-sm font-semibold">
          {title}
        </h2>
        {beside !== undefined && <div className="text-sm text-quiet">{beside}</div>}
      </div>
      <div className={cn(!bare && 'rounded-xl border border-line bg-surface p-4')}>{children}</div>
    </section>
  );
}

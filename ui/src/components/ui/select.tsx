// A labelled choice of few, as the system draws it: works by keyboard and screen reader as is.
import { type ComponentProps, type ReactNode, useId } from 'react';

interface SelectProps extends ComponentProps<'select'> {
  label: ReactNode;
}

export function Select({ label, className, children, ...select }: SelectProps) {
  const id = useId();
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {label}
      </label>
      <select
        id={id}
        className="h-10 w-full rounded-lg border border-line-strong bg-ground px-3 text-base text-text focus-visible:outline-offset-0"
        {...select}
      >
        {children}
      </select>
    </div>
  );
}

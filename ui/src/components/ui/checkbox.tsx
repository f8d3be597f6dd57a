// A box to tick, with its label and a note about what ticking it means.
import { type ComponentProps, type ReactNode, useId } from 'react';
import { cn } from '../../lib/cn';

interface CheckboxProps extends ComponentProps<'input'> {
  label: ReactNode;
  note?: ReactNode;
}

export function Checkbox({ label, note, className, ...input }: CheckboxProps) {
  const id = useId();
  return (
    <div className={cn('flex gap-3', className)}>
      <input
        id={id}
        type="checkbox"
        aria-describedby={note ? `${id}-note` : undefined}
        className="mt-0.5 size-4 shrink-0 accent-accent"
        {...input}
      />
      <div className="min-w-0">
        <label htmlFor={id} className="block text-sm font-medium">
          {label}
        </label>
        {note && (
          <p id={`${id}-note`} className="mt-0.5 text-sm text-quiet">
            {note}
          </p>
        )}
      </div>
    </div>
  );
}

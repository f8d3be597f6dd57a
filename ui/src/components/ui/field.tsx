// A labelled text input with room for what is wrong with it.
import { type ComponentProps, type ReactNode, useId } from 'react';
import { cn } from '../../lib/cn';

interface FieldProps extends ComponentProps<'input'> {
  label: ReactNode;
  note?: ReactNode;
  error?: string | null;
  errorTestId?: string;
}

export function Field({ label, note, error, errorTestId, className, ...input }: FieldProps) {
  const id = useId();
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 flex items-baseline gap-2 text-sm font-medium">
        {label}
        {note && <span className="text-xs font-normal text-quiet">{note}</span>}
      </label>
      <input
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? `${id}-error` : undefined}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        className={cn(
          'h-10 w-full rounded-lg border border-line-strong bg-ground px-3 text-base text-text placeholder:text-quiet/80 select-text focus-visible:outline-offset-0',
          error && 'border-error',
        )}
        {...input}
      />
      {error && (
        <p
          id={`${id}-error`}
          role="alert"
          data-testid={errorTestId}
          className="mt-1.5 text-sm text-error select-text"
        >
          {error}
        </p>
      )}
    </div>
  );
}

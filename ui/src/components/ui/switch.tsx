// On or off, at once; over Radix.
import { Switch as Radix } from 'radix-ui';
import { type ReactNode, useId } from 'react';
import { cn } from '../../lib/cn';

interface SwitchProps {
  label: ReactNode;
  note?: ReactNode;
  checked: boolean;
  disabled?: boolean;
  testId?: string;
  className?: string;
  onChange: (on: boolean) => void;
}

export function Switch({ label, note, testId, className, onChange, ...props }: SwitchProps) {
  const id = useId();
  return (
    <div className={cn('flex items-start gap-3', className)}>
      <Radix.Root
        id={id}
        data-testid={testId}
        aria-describedby={note ? `${id}-note` : undefined}
        onCheckedChange={onChange}
        className="h-5.5 w-10 shrink-0 rounded-full border border-line-strong bg-ground p-0.5 transition-colors disabled:opacity-60 data-[state=checked]:border-accent data-[state=checked]:bg-accent"
        {...props}
      >
        <Radix.Thumb className="block size-4 rounded-full bg-line-strong transition-transform data-[state=checked]:translate-x-4.5 data-[state=checked]:bg-on-accent" />
      </Radix.Root>
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

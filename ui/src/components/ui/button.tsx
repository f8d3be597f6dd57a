// Buttons: one primary action, quiet ones, and one that destroys.
import { cva, type VariantProps } from 'class-variance-authority';
import type { ComponentProps } from 'react';
import { cn } from '../../lib/cn';

const variants = cva(
  'inline-flex items-center justify-center gap-2 rounded-lg text-sm font-medium whitespace-nowrap transition-colors disabled:opacity-60 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary: 'bg-accent text-on-accent hover:bg-accent-hover',
        outline: 'border border-line-strong text-text hover:bg-raised',
        quiet: 'text-text hover:bg-raised',
        danger: 'bg-error-solid text-on-error hover:opacity-90',
      },
      size: { normal: 'h-9 px-4', large: 'h-11 px-5 text-base', icon: 'size-9' },
    },
    defaultVariants: { variant: 'outline', size: 'normal' },
  },
);

export type ButtonProps = ComponentProps<'button'> & VariantProps<typeof variants>;

export function Button({ className, variant, size, type = 'button', ...props }: ButtonProps) {
  return <button type={type} className={cn(variants({ variant, size }), className)} {...props} />;
}

// A bar of how far something is; without a value it says only that something goes on.
import type { ComponentProps } from 'react';
import { cn } from '../../lib/cn';

export function Progress({ className, ...props }: ComponentProps<'progress'>) {
  return (
    <progress
      className={cn(
        'h-1.5 w-full appearance-none overflow-hidden rounded-full bg-line indeterminate:animate-pulse [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:bg-accent indeterminate:[&::-webkit-progress-bar]:bg-accent',
        className,
      )}
      {...props}
    />
  );
}

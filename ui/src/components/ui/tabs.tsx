// Tabs over Radix: arrow keys and labels come from there, the look from here.
import { Tabs as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

interface TabsProps {
  /** What the tabs choose, for screen readers. */
  label: string;
  tabs: readonly { id: string; name: string }[];
  value?: string;
  onValue?: (id: string) => void;
  children: (id: string) => ReactNode;
}

export function Tabs({ label, tabs, value, onValue, children }: TabsProps) {
  return (
    <Radix.Root
      defaultValue={tabs[0]?.id}
      {...(value !== undefined && { value })}
      {...(onValue && { onValueChange: onValue })}
    >
      <Radix.List aria-label={label} className="flex flex-wrap gap-1">
        {tabs.map(({ id, name }) => (
          <Radix.Trigger
            key={id}
            value={id}
            className="h-9 rounded-lg px-3 text-sm font-medium text-quiet hover:bg-raised data-[state=active]:bg-raised data-[state=active]:text-text"
          >
            {name}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map(({ id }) => (
        <Radix.Content key={id} value={id} className="mt-3 space-y-3">
          {children(id)}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}

// The slim rail at the left: icons, and their words on hover or focus.
import { Expand, LayoutGrid, Monitor, Moon, Plus, Sun } from 'lucide-react';
import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import logo from '../assets/logo.svg';
import { cn } from '../lib/cn';
import type { ThemeChoice } from './theme';

const THEME_ICONS = { dark: Moon, light: Sun, system: Monitor };

interface RailProps {
  showingAll: boolean;
  onShowAll: () => void;
  onAdd: () => void;
  onWall: () => void;
  theme: ThemeChoice;
  onTheme: () => void;
}

export function Rail({ showingAll, onShowAll, onAdd, onWall, theme, onTheme }: RailProps) {
  const { t } = useTranslation();
  return (
    <div className="relative z-20 w-(--rail) shrink-0">
      <nav
        aria-label={t('app.navigation')}
        className="group/rail absolute inset-y-0 left-0 flex w-(--rail) flex-col gap-1 overflow-hidden border-r border-line bg-surface p-2 transition-[width] duration-150 hover:w-(--rail-open) hover:shadow-float has-focus-visible:w-(--rail-open) has-focus-visible:shadow-float"
      >
        <div className="mb-3 flex h-10 items-center gap-3 pl-1">
          <img src={logo} alt="" className="size-8 shrink-0" />
          <Word className="text-base font-semibold">{t('app.name')}</Word>
        </div>
        <RailButton
          icon={LayoutGrid}
          word={t('app.cameras')}
          aria-current={showingAll ? 'page' : undefined}
          onClick={onShowAll}
        />
        <RailButton icon={Plus} word={t('app.addCamera')} data-testid="add-open" onClick={onAdd} />
        <div className="flex-1" />
        <RailButton icon={Expand} word={t('app.wall')} hint="F" onClick={onWall} />
        <RailButton
          icon={THEME_ICONS[theme]}
          word={t(`theme.${theme}`)}
          data-testid="theme-toggle"
          onClick={onTheme}
        />
      </nav>
    </div>
  );
}

interface RailButtonProps extends ComponentProps<'button'> {
  icon: typeof Sun;
  word: string;
  hint?: string;
}

function RailButton({ icon: Icon, word, hint, ...props }: RailButtonProps) {
  return (
    <button
      type="button"
      aria-label={word}
      className="flex h-10 w-full shrink-0 items-center gap-3 rounded-lg pl-2.5 text-sm font-medium text-quiet hover:bg-raised hover:text-text focus-visible:-outline-offset-2 aria-[current=page]:bg-raised aria-[current=page]:text-accent"
      {...props}
    >
      <Icon aria-hidden className="size-5 shrink-0" />
      <Word className="flex-1 text-left">{word}</Word>
      {hint && (
        <Word className="mr-2 rounded border border-line px-1.5 text-xs text-quiet">{hint}</Word>
      )}
    </button>
  );
}

function Word({ className, ...props }: ComponentProps<'span'>) {
  return (
    <span
      className={cn(
        'whitespace-nowrap opacity-0 transition-opacity group-hover/rail:opacity-100 group-has-focus-visible/rail:opacity-100',
        className,
      )}
      {...props}
    />
  );
}

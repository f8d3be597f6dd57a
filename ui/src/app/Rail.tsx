// The slim rail at the left: icons, and their words on hover or focus.
import {
  Activity,
  CodeXml,
  Expand,
  Film,
  History,
  LayoutGrid,
  Monitor,
  Moon,
  Plus,
  Settings,
  Sun,
} from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import logo from '../assets/logo.svg';
import { cn } from '../lib/cn';
import { isBuilt } from './pages';
import { formatRoute, type PageName } from './routes';
import type { ThemeChoice } from './theme';

const THEME_ICONS = { dark: Moon, light: Sun, system: Monitor };

/** In this order below the cameras. */
const ENTRIES = [
  { page: 'health', icon: Activity },
  { page: 'recordings', icon: Film },
  { page: 'events', icon: History },
  { page: 'scripts', icon: CodeXml },
] as const;

interface RailProps {
  /** The page that is shown; null while it is a part of one, such as a camera alone. */
  page: PageName | null;
  /** Besides going to the cameras' page. */
  onCameras: () => void;
  onAdd: () => void;
  onWall: () => void;
  theme: ThemeChoice;
  onTheme: () => void;
}

export function Rail({ page, onCameras, onAdd, onWall, theme, onTheme }: RailProps) {
  const { t } = useTranslation();
  return (
    <div className="relative z-20 w-(--rail) shrink-0">
      <nav
        aria-label={t('app.navigation')}
        className="group/rail absolute inset-y-0 left-0 flex w-(--rail) flex-col gap-1 overflow-x-hidden overflow-y-auto border-r border-line bg-surface p-2 [scrollbar-width:none] transition-[width] duration-150 hover:w-(--rail-open) hover:shadow-float has-focus-visible:w-(--rail-open) has-focus-visible:shadow-float"
      >
        <div className="mb-3 flex h-10 shrink-0 items-center gap-3 pl-1">
          <img src={logo} alt="" className="size-8 shrink-0" />
          <Word className="text-base font-semibold">{t('app.name')}</Word>
        </div>
        <RailLink
          icon={LayoutGrid}
          word={t('app.cameras')}
          page="cameras"
          shown={page}
          onClick={onCameras}
        />
        {ENTRIES.filter((entry) => isBuilt(entry.page)).map((entry) => (
          <RailLink
            key={entry.page}
            icon={entry.icon}
            word={t(`rail.${entry.page}`)}
            page={entry.page}
            shown={page}
          />
        ))}
        <div aria-hidden className="mx-2 my-1 h-px shrink-0 bg-line" />
        <RailButton icon={Plus} word={t('app.addCamera')} testId="add-open" onClick={onAdd} />
        <div className="flex-1" />
        <RailButton icon={Expand} word={t('app.wall')} hint="F" onClick={onWall} />
        <RailButton
          icon={THEME_ICONS[theme]}
          word={t(`theme.${theme}`)}
          testId="theme-toggle"
          onClick={onTheme}
        />
        {isBuilt('settings') && (
          <RailLink icon={Settings} word={t('rail.settings')} page="settings" shown={page} />
        )}
      </nav>
    </div>
  );
}

const ENTRY =
  'flex h-10 w-full shrink-0 items-center gap-3 rounded-lg pl-2.5 text-sm font-medium text-quiet hover:bg-raised hover:text-text focus-visible:-outline-offset-2 aria-[current=page]:bg-raised aria-[current=page]:text-accent';

interface RailLinkProps {
  icon: typeof Sun;
  word: string;
  page: Exclude<PageName, 'camera' | 'unknown'>;
  shown: PageName | null;
  onClick?: () => void;
}

function RailLink({ icon, word, page, shown, onClick }: RailLinkProps) {
  return (
    <a
      href={formatRoute({ page })}
      aria-label={word}
      aria-current={page === shown ? 'page' : undefined}
      data-testid={`rail-${page}`}
      className={ENTRY}
      draggable={false}
      onClick={onClick}
    >
      <Inside icon={icon} word={word} />
    </a>
  );
}

interface RailButtonProps {
  icon: typeof Sun;
  word: string;
  hint?: string;
  testId?: string;
  onClick: () => void;
}

function RailButton({ icon, word, hint, testId, onClick }: RailButtonProps) {
  return (
    <button
      type="button"
      aria-label={word}
      data-testid={testId}
      className={ENTRY}
      onClick={onClick}
    >
      <Inside icon={icon} word={word}>
        {hint && (
          <Word className="mr-2 rounded border border-line px-1.5 text-xs text-quiet">{hint}</Word>
        )}
      </Inside>
    </button>
  );
}

interface InsideProps {
  icon: typeof Sun;
  word: string;
  children?: ReactNode;
}

function Inside({ icon: Icon, word, children }: InsideProps) {
  return (
    <>
      <Icon aria-hidden className="size-5 shrink-0" />
      <Word className="flex-1 text-left">{word}</Word>
      {children}
    </>
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

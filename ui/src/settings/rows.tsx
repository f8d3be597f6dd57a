// Settings as rows: what it is at the left, what it is set to at the right. Each is saved as soon
// as it is changed; what was typed and refused stays, with the reason below it.
import { LoaderCircle } from 'lucide-react';
import { Switch } from 'radix-ui';
import {
  type ComponentProps,
  type ReactNode,
  useEffect,
  useEffectEvent,
  useId,
  useState,
} from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '../lib/cn';
import { sentence } from '../lib/sentence';
import { messageOf } from '../lib/useApi';

export type Save<T> = (value: T) => Promise<unknown>;

type Saving = { at: 'idle' | 'saving' | 'saved' } | { at: 'failed'; why: string };

const IDLE: Saving = { at: 'idle' };

/** One saving at a time is told; the last one counts. */
function useSaving<T>(save: Save<T>) {
  const [state, setState] = useState<Saving>(IDLE);
  const run = async (value: T): Promise<boolean> => {
    setState({ at: 'saving' });
    try {
      await save(value);
      setState({ at: 'saved' });
      return true;
    } catch (cause) {
      setState({ at: 'failed', why: sentence(messageOf(cause)) });
      return false;
    }
  };
  const fail = (why: string) => setState({ at: 'failed', why });
  const forget = () => setState(IDLE);
  return { state, run, fail, forget };
}

interface RowProps {
  label: ReactNode;
  note?: ReactNode;
  htmlFor?: string;
  labelId?: string;
  noteId?: string;
  errorId?: string;
  saving?: Saving;
  /** The control below its words instead of beside them. */
  below?: boolean;
  children: ReactNode;
}

export function Row(props: RowProps) {
  const { label, note, htmlFor, labelId, noteId, errorId, saving = IDLE, below, children } = props;
  const { t } = useTranslation();
  return (
    <div
      className={cn(
        'flex flex-wrap gap-x-6 gap-y-2 px-4 py-3',
        below ? 'flex-col' : 'items-center',
      )}
    >
      <div className="min-w-52 flex-1">
        <label htmlFor={htmlFor} id={labelId} className="text-sm font-medium">
          {label}
        </label>
        {note && (
          <p id={noteId} className="text-sm text-quiet">
            {note}
          </p>
        )}
      </div>
      <div className={cn('flex items-center gap-3', below ? 'w-full' : 'max-w-full')}>
        <span role="status" className={cn('text-sm text-quiet', below && 'order-last empty:-ml-3')}>
          {saving.at === 'saving' && (
            <>
              <LoaderCircle aria-hidden className="size-4 motion-safe:animate-spin" />
              <span className="sr-only">{t('settings.saving')}</span>
            </>
          )}
          {saving.at === 'saved' && t('settings.saved')}
        </span>
        {children}
      </div>
      {saving.at === 'failed' && (
        <p id={errorId} role="alert" className="w-full text-sm text-error select-text">
          {saving.why}
        </p>
      )}
    </div>
  );
}

interface ToggleProps {
  label: ReactNode;
  note?: ReactNode;
  value: boolean;
  onSave: Save<boolean>;
  testId?: string;
}

export function ToggleSetting({ label, note, value, onSave, testId }: ToggleProps) {
  const id = useId();
  const { state, run } = useSaving(onSave);
  return (
    <Row
      label={label}
      note={note}
      htmlFor={id}
      noteId={`${id}-note`}
      errorId={`${id}-error`}
      saving={state}
    >
      <Switch.Root
        id={id}
        data-testid={testId}
        checked={value}
        aria-describedby={state.at === 'failed' ? `${id}-error` : note ? `${id}-note` : undefined}
        onCheckedChange={(checked) => void run(checked)}
        className="h-6 w-11 shrink-0 rounded-full border border-line-strong bg-ground transition-colors data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      >
        <Switch.Thumb className="block size-4 translate-x-0.75 rounded-full bg-line-strong transition-transform data-[state=checked]:translate-x-5.75 data-[state=checked]:bg-on-accent" />
      </Switch.Root>
    </Row>
  );
}

interface ChoiceProps<T extends string> {
  label: ReactNode;
  note?: ReactNode;
  value: T;
  choices: readonly { value: T; word: string }[];
  onSave: Save<T>;
  testId?: string;
}

export function ChoiceSetting<T extends string>(props: ChoiceProps<T>) {
  const { label, note, value, choices, onSave, testId } = props;
  const id = useId();
  const { state, run } = useSaving(onSave);
  return (
    <Row label={label} note={note} htmlFor={id} errorId={`${id}-error`} saving={state}>
      <select
        id={id}
        data-testid={testId}
        value={value}
        aria-describedby={state.at === 'failed' ? `${id}-error` : undefined}
        onChange={({ target }) => void run(target.value as T)}
        className="h-9 min-w-44 rounded-lg border border-line-strong bg-ground px-2.5 text-sm text-text focus-visible:outline-offset-0"
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.word}
          </option>
        ))}
      </select>
    </Row>
  );
}

interface TextProps extends Pick<ComponentProps<'input'>, 'type' | 'placeholder' | 'inputMode'> {
  label: ReactNode;
  note?: ReactNode;
  /** As it is saved. */
  value: string;
  onSave: Save<string>;
  /** Why this cannot be sent; null when it can. */
  check?: (text: string) => string | null;
  /** After the field. */
  unit?: string;
  /** Several lines. */
  lines?: boolean;
  /** For long texts such as paths. */
  wide?: boolean;
  testId?: string;
}

/** Saved on leaving it or with Enter; Escape goes back to what is saved. */
export function TextSetting(props: TextProps) {
  const { label, note, value, onSave, check, unit, lines = false, wide = false, testId } = props;
  const { type = 'text', placeholder, inputMode } = props;
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const { state, run, fail, forget } = useSaving(onSave);

  const save = async () => {
    if (typed === null || state.at === 'saving') return;
    const text = typed.trim();
    if (text === value) {
      setTyped(null);
      forget();
      return;
    }
    const wrong = check?.(text) ?? null;
    if (wrong !== null) fail(wrong);
    // What was typed meanwhile is not thrown away.
    else if (await run(text)) setTyped((now) => (now === typed ? null : now));
  };

  // The page can be left without the field being left, by the tray's menu for example.
  const saveWhenLeft = useEffectEvent(() => {
    if (state.at !== 'failed') void save();
  });
  useEffect(() => () => saveWhenLeft(), []);

  const shared = {
    id,
    'data-testid': testId,
    value: typed ?? value,
    placeholder,
    inputMode,
    spellCheck: false,
    autoComplete: 'off',
    'aria-invalid': state.at === 'failed' || undefined,
    'aria-describedby':
      state.at === 'failed' ? `${id}-error` : note !== undefined ? `${id}-note` : undefined,
    onBlur: () => void save(),
    className: cn(
      'rounded-lg border border-line-strong bg-ground px-2.5 text-sm text-text placeholder:text-quiet select-text focus-visible:outline-offset-0',
      state.at === 'failed' && 'border-error',
      lines && 'min-h-18 w-full py-2',
      !lines && 'h-9',
      !lines && (wide ? 'w-full' : type === 'time' ? 'w-32' : 'w-28'),
    ),
  };
  const change = (text: string) => {
    forget();
    setTyped(text);
  };
  const onKeyDown = (key: string) => {
    if (key === 'Enter') void save();
    if (key === 'Escape') {
      setTyped(null);
      forget();
    }
  };
  return (
    <Row
      label={label}
      note={note}
      htmlFor={id}
      noteId={`${id}-note`}
      errorId={`${id}-error`}
      saving={state}
      below={lines || wide}
    >
      {lines ? (
        <textarea
          {...shared}
          rows={3}
          onChange={({ target }) => change(target.value)}
          onKeyDown={({ key }) => key === 'Escape' && onKeyDown(key)}
        />
      ) : (
        <input
          {...shared}
          type={type}
          onChange={({ target }) => change(target.value)}
          onKeyDown={({ key }) => onKeyDown(key)}
        />
      )}
      {unit && <span className="text-sm text-quiet">{unit}</span>}
    </Row>
  );
}

/** A titled group of rows. */
export function Group({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className="mb-2 text-sm font-semibold">
        {title}
      </h2>
      <div className="divide-y divide-line rounded-xl border border-line bg-surface">
        {children}
      </div>
    </section>
  );
}

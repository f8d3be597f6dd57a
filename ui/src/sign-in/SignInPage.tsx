// The page in front of a server with a token: typed once, then back to where one wanted to go.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useEffectEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../app/context';
import { follow, type RouteOf } from '../app/routes';
import logo from '../assets/logo.svg';
import { BackendError, SESSION_PATH, UNREACHABLE } from '../backend';
import { Button } from '../components/ui/button';
import { Field } from '../components/ui/field';
import { sentence } from '../lib/sentence';
import { messageOf } from '../lib/useApi';
import type { SessionState } from './session';

/** The answer to a wrong token takes up to eight seconds. */
const LONGEST_MS = 30_000;
/** While it asks for nothing, such as after a restart without a token. */
const LOOK_AGAIN_MS = 5000;

export default function SignInPage({ route }: { route: RouteOf<'sign-in'> }) {
  const { t } = useTranslation();
  const { backend } = useServices();
  const client = useQueryClient();
  const [token, setToken] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const field = useRef<HTMLFormElement>(null);
  // What was known before one came here may be over; it is asked for anew and not kept.
  const { data: session } = useQuery({
    queryKey: ['sign-in'],
    queryFn: () => backend.request<SessionState>('GET', SESSION_PATH),
    refetchInterval: LOOK_AGAIN_MS,
    gcTime: 0,
  });

  const goOn = useEffectEvent(() => {
    // Nothing that was refused before may be shown.
    client.clear();
    follow(route.back ?? '#/', { replace: true });
  });
  const letIn = session !== undefined && (!session.required || session.signed_in);
  useEffect(() => {
    if (letIn) goOn();
  }, [letIn]);

  useEffect(() => {
    document.title = t('signIn.title');
    return () => {
      document.title = t('app.name');
    };
  }, [t]);

  const refuse = (why: string) => {
    setError(why);
    field.current?.querySelector('input')?.focus();
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (sending) return;
    if (token.trim() === '') return refuse(t('signIn.needToken'));
    setSending(true);
    setError(null);
    const body = { token: token.trim() };
    try {
      await backend.request('POST', SESSION_PATH, body, { timeoutMs: LONGEST_MS });
      client.clear();
      follow(route.back ?? '#/', { replace: true });
    } catch (cause) {
      const gone = cause instanceof BackendError && cause.code === UNREACHABLE;
      refuse(gone ? t('signIn.unreachable') : sentence(messageOf(cause)));
      setSending(false);
    }
  };

  return (
    <main className="grid h-full place-items-center overflow-y-auto p-6 fade-in">
      <form ref={field} onSubmit={submit} noValidate className="w-full max-w-sm">
        <img src={logo} alt="" className="mx-auto size-16" />
        <h1 className="mt-5 text-center text-2xl font-semibold tracking-tight">
          {t('signIn.title')}
        </h1>
        <p className="mt-2 text-center text-base text-balance text-quiet">{t('signIn.sentence')}</p>
        <div className="mt-7 space-y-4 rounded-2xl border border-line bg-surface p-5">
          <Field
            label={t('signIn.token')}
            name="token"
            type="password"
            autoComplete="current-password"
            autoFocus
            data-testid="sign-in-token"
            value={token}
            error={error}
            onChange={({ target }) => {
              setError(null);
              setToken(target.value);
            }}
          />
          <p className="text-sm text-quiet">{t('signIn.where')}</p>
          <Button
            type="submit"
            variant="primary"
            className="w-full"
            data-testid="sign-in-submit"
            disabled={sending}
          >
            {sending ? t('signIn.submitting') : t('signIn.submit')}
          </Button>
        </div>
      </form>
    </main>
  );
}

// The form of the add dialog: paste anything; sign-in and name only when wanted.
import { type ClipboardEvent, type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../components/ui/button';
import { Field } from '../components/ui/field';
import { sentence } from '../lib/sentence';
import { hostOf, joinAddress, splitAddress } from './address';
import { streamIdFor } from './slug';
import { useCameraActions, useCameras } from './useCameras';

export interface Draft {
  url: string;
  user: string;
  password: string;
  name: string;
}

export const EMPTY_DRAFT: Draft = { url: '', user: '', password: '', name: '' };

interface AddFormProps {
  draft: Draft;
  onDraft: (draft: Draft) => void;
  onAdded: (camera: { streamId: string; name: string }) => void;
  onCancel: () => void;
}

export function AddForm({ draft, onDraft, onAdded, onCancel }: AddFormProps) {
  const { t } = useTranslation();
  const { cameras } = useCameras();
  const { add } = useCameraActions();
  const [signIn, setSignIn] = useState(draft.user !== '' || draft.password !== '');
  const [error, setError] = useState<string | null>(null);
  const [sending, setSending] = useState(false);

  const change = (part: Partial<Draft>) => {
    setError(null);
    onDraft({ ...draft, ...part });
  };

  /** Moves user and password out of the address, into fields that hide them. */
  const settle = (pasted: string): Draft => {
    const { url, user, password } = splitAddress(pasted);
    const signsIn = user !== '' || password !== '';
    const settled = { ...draft, url, ...(signsIn && { user, password }) };
    if (signsIn) setSignIn(true);
    onDraft(settled);
    return settled;
  };

  const onPaste = (event: ClipboardEvent<HTMLInputElement>) => {
    const { selectionStart, selectionEnd, value } = event.currentTarget;
    // Only a paste that replaces the whole field is a whole address.
    if (selectionStart !== 0 || selectionEnd !== value.length) return;
    event.preventDefault();
    setError(null);
    settle(event.clipboardData.getData('text'));
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (sending) return;
    const settled = settle(draft.url);
    if (settled.url === '') {
      setError(t('add.needAddress'));
      return;
    }
    const demo = /^demo:/i.test(settled.url);
    const name =
      settled.name.trim() || (demo ? t('empty.demoName') : hostOf(settled.url)) || settled.url;
    const streamId = streamIdFor(
      name,
      (cameras ?? []).map((camera) => camera.stream_id),
    );
    setSending(true);
    try {
      await add({ stream_id: streamId, name, rtsp_url: joinAddress(settled) });
      onAdded({ streamId, name });
    } catch (cause) {
      setError(sentence(cause instanceof Error ? cause.message : String(cause)));
      setSending(false);
    }
  };

  return (
    <form onSubmit={submit} className="mt-5 space-y-4" noValidate>
      <Field
        label={t('add.url')}
        data-testid="add-url"
        value={draft.url}
        placeholder={t('add.urlPlaceholder')}
        inputMode="url"
        autoFocus
        error={error}
        errorTestId="add-error"
        onChange={(event) => change({ url: event.target.value })}
        onPaste={onPaste}
        onBlur={() => settle(draft.url)}
      />
      {signIn ? (
        <div className="grid grid-cols-2 gap-3">
          <Field
            label={t('add.user')}
            data-testid="add-user"
            value={draft.user}
            onChange={(event) => change({ user: event.target.value })}
          />
          <Field
            label={t('add.password')}
            data-testid="add-password"
            type="password"
            value={draft.password}
            autoComplete="new-password"
            onChange={(event) => change({ password: event.target.value })}
          />
        </div>
      ) : (
        <button
          type="button"
          className="rounded text-sm text-accent hover:text-accent-hover"
          onClick={() => setSignIn(true)}
        >
          {t('add.signIn')}
        </button>
      )}
      <Field
        label={t('add.name')}
        note={t('add.optional')}
        data-testid="add-name"
        value={draft.name}
        maxLength={100}
        placeholder={t('add.namePlaceholder')}
        onChange={(event) => change({ name: event.target.value })}
      />
      <div className="flex justify-end gap-2 pt-2">
        <Button variant="quiet" onClick={onCancel}>
          {t('add.cancel')}
        </Button>
        <Button type="submit" variant="primary" data-testid="add-submit" disabled={sending}>
          {sending ? t('add.submitting') : t('add.submit')}
        </Button>
      </div>
    </form>
  );
}

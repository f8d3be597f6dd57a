// The form of the add dialog: paste anything; sign-in and name only when wanted.
import { type ClipboardEvent, type FormEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatRoute } from '../app/routes';
import type { Stream } from '../backend';
import { Button } from '../components/ui/button';
import { Field } from '../components/ui/field';
import { sentence } from '../lib/sentence';
import { AdvancedFields } from './AdvancedFields';
import { hostOf, joinAddress, splitAddress } from './address';
import { BrandPicker, type Picked } from './BrandPicker';
import { type Brand, fillIn, lacksPath } from './brands';
import { type Draft, settingsOf } from './draft';
import { ProbeView } from './ProbeView';
import { toMend, useProbe } from './probe';
import { streamIdFor } from './slug';
import { useCameraActions, useCameras } from './useCameras';

export interface Tried {
  streamId: string;
  /** Why it could not be shown, as a code. */
  refused: string | null;
}

interface AddFormProps {
  draft: Draft;
  /** How adding this draft ended, when that was tried: it was taken back since. */
  tried: Tried | null;
  onDraft: (draft: Draft) => void;
  onAdded: (camera: { streamId: string; name: string }) => void;
  onCancel: () => void;
}

/** Who reads this address already, whatever it signs in with. */
function cameraAt(url: string, cameras: Stream[]): Stream | undefined {
  const bare = (address: string) => splitAddress(address).url.replace(/\/$/, '');
  return cameras.find(({ rtsp_url }) => bare(rtsp_url) === bare(url));
}

export function AddForm({ draft, tried, onDraft, onAdded, onCancel }: AddFormProps) {
  const { t } = useTranslation();
  const { cameras } = useCameras();
  const { add } = useCameraActions();
  const [signIn, setSignIn] = useState(
    draft.user !== '' || draft.password !== '' || tried?.refused === 'auth_failed',
  );
  /** The camera answered that it has no such stream; its maker may know one. */
  const [noStream, setNoStream] = useState(tried?.refused === 'camera_not_found');
  const [error, setError] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  /** The address that the person was told to be there already. */
  const [told, setTold] = useState<string | null>(null);
  const [picked, setPicked] = useState<Picked | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const [mend, setMend] = useState<{ field: string } | null>(() => {
    const field = tried?.refused && toMend(tried.refused, draft.user);
    return field ? { field } : null;
  });
  const probe = useProbe(({ code }) => {
    const field = toMend(code, draft.user);
    if (code === 'auth_failed') setSignIn(true);
    if (code === 'camera_not_found') setNoStream(true);
    if (field) setMend({ field });
  });

  // After the render that shows the field.
  useEffect(() => {
    if (mend) form.current?.querySelector<HTMLElement>(`[name="${mend.field}"]`)?.focus();
  }, [mend]);

  const change = (part: Partial<Draft>) => {
    setError(null);
    probe.reset();
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

  const pick = (brand: Brand | null, channel: number) => {
    const base = picked?.base ?? draft.url;
    const streams = brand && fillIn(brand, base, channel);
    setPicked(brand && { brand, channel, base });
    change({ url: streams?.main ?? base, substream: streams?.sub ?? '' });
  };

  const test = () => {
    const settled = settle(draft.url);
    if (settled.url === '') {
      setError(t('add.needAddress'));
      setMend({ field: 'url' });
      return;
    }
    const { transport } = settled;
    void probe.start({ url: joinAddress(settled), ...(transport !== 'tcp' && { transport }) });
  };

  const onPaste = (event: ClipboardEvent<HTMLInputElement>) => {
    const { selectionStart, selectionEnd, value } = event.currentTarget;
    // Only a paste that replaces the whole field is a whole address.
    if (selectionStart !== 0 || selectionEnd !== value.length) return;
    event.preventDefault();
    setError(null);
    setPicked(null);
    setNoStream(false);
    probe.reset();
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
    const others = (cameras ?? []).filter(({ stream_id }) => stream_id !== tried?.streamId);
    const same = demo ? null : cameraAt(settled.url, others);
    if (same && told !== settled.url) {
      setTold(settled.url);
      setError(t('add.already', { name: same.name }));
      return;
    }
    const name =
      settled.name.trim() || (demo ? t('empty.demoName') : hostOf(settled.url)) || settled.url;
    const streamId = streamIdFor(
      name,
      (cameras ?? []).map((camera) => camera.stream_id),
    );
    setSending(true);
    try {
      await add({
        stream_id: streamId,
        name,
        rtsp_url: joinAddress(settled),
        ...settingsOf(settled),
      });
      onAdded({ streamId, name });
    } catch (cause) {
      setError(sentence(cause instanceof Error ? cause.message : String(cause)));
      setSending(false);
    }
  };

  return (
    <form ref={form} onSubmit={submit} className="mt-5 space-y-4" noValidate>
      <Field
        label={t('add.url')}
        name="url"
        data-testid="add-url"
        value={draft.url}
        placeholder={t('add.urlPlaceholder')}
        inputMode="url"
        autoFocus
        error={error}
        errorTestId="add-error"
        onChange={(event) => {
          setPicked(null);
          setNoStream(false);
          change({ url: event.target.value });
        }}
        onPaste={onPaste}
        onBlur={(event) => settle(event.currentTarget.value)}
      />
      {draft.url === '' && (
        <p className="text-sm text-quiet">
          {t('scan.unknownAddress')}{' '}
          <a
            href={formatRoute({ page: 'scan' })}
            className="rounded text-accent underline underline-offset-2 hover:text-accent-hover"
            onClick={onCancel}
          >
            {t('scan.title')}
          </a>
        </p>
      )}
      {(picked || noStream || lacksPath(draft.url)) && (
        <BrandPicker picked={picked} onPick={pick} />
      )}
      {signIn ? (
        <div className="grid grid-cols-2 gap-3">
          <Field
            label={t('add.user')}
            name="user"
            data-testid="add-user"
            value={draft.user}
            onChange={(event) => change({ user: event.target.value })}
          />
          <Field
            label={t('add.password')}
            name="password"
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
      <AdvancedFields value={draft} onChange={change} others={cameras ?? []} />
      <ProbeView state={probe.state} onCancel={probe.reset} />
      {/* Within reach however long the form has become. */}
      <div className="sticky -bottom-6 -mx-6 -mb-6 flex justify-end gap-2 bg-surface px-6 pt-2 pb-6">
        <Button
          className="mr-auto"
          data-testid="add-test"
          disabled={probe.state.at === 'running'}
          onClick={test}
        >
          {t('probe.start')}
        </Button>
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

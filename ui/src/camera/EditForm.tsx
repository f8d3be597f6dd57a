// Changing a camera's settings: the fields of the add dialog, filled in, with what the server
// refuses beside the field it is about.
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { BackendError, type Stream } from '../backend';
import { AdvancedFields } from '../cameras/AdvancedFields';
import { splitAddress } from '../cameras/address';
import type { Draft } from '../cameras/draft';
import { ProbeView } from '../cameras/ProbeView';
import { toMend, useProbe } from '../cameras/probe';
import { useCameraActions } from '../cameras/useCameras';
import { Button } from '../components/ui/button';
import { Field } from '../components/ui/field';
import { sentence } from '../lib/sentence';
import { messageOf } from '../lib/useApi';
import { addressToTest, changeOf, draftOf, type EditField, fieldOf, hasPassword } from './edit';

type Fault = { field: EditField | 'form'; message: string };

export function EditForm({ camera }: { camera: Stream }) {
  const { t } = useTranslation();
  const { change: send } = useCameraActions();
  const [draft, setDraft] = useState(() => draftOf(camera));
  const [fault, setFault] = useState<Fault | null>(null);
  const [sending, setSending] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const probe = useProbe(({ code }) => {
    const field = toMend(code, draft.user);
    if (field) form.current?.querySelector<HTMLElement>(`[name="${field}"]`)?.focus();
  });

  // After the render that shows what is wrong.
  useEffect(() => {
    if (fault) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [fault]);

  const edit = (part: Partial<Draft>) => {
    setFault(null);
    probe.reset();
    setDraft((now) => ({ ...now, ...part }));
  };
  const errorAt = (field: EditField) => (fault?.field === field ? fault.message : null);

  const current = changeOf(draft, camera);
  const changed = !current.ok || Object.keys(current.change).length > 0;

  /** What the person has to fill in before anything can be sent. */
  const ask = (field: EditField) => {
    const message =
      field === 'url'
        ? t('add.needAddress')
        : field === 'password'
          ? t('camera.edit.needPassword')
          : t('camera.edit.needNumber');
    setFault({ field, message });
  };

  const test = () => {
    if (draft.url.trim() === '') return ask('url');
    const url = addressToTest(draft, camera);
    if (url === null) return ask('password');
    const { transport } = draft;
    void probe.start({ url, ...(transport !== 'tcp' && { transport }) });
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (sending || !changed) return;
    if (!current.ok) return ask(current.needs);
    setSending(true);
    try {
      const saved = await send(camera.stream_id, current.change);
      setDraft(draftOf(saved));
      probe.reset();
      toast.success(t('camera.edit.saved', { name: saved.name }));
    } catch (cause) {
      const message = messageOf(cause);
      const code = cause instanceof BackendError ? cause.code : 'unknown';
      setFault({ field: fieldOf(code, message) ?? 'form', message: sentence(message) });
    }
    setSending(false);
  };

  return (
    <form ref={form} onSubmit={submit} className="space-y-4" noValidate data-testid="camera-edit">
      <Field
        label={t('add.name')}
        data-testid="edit-name"
        value={draft.name}
        maxLength={100}
        error={errorAt('name')}
        onChange={({ target }) => edit({ name: target.value })}
      />
      <Field
        label={t('add.url')}
        name="url"
        data-testid="edit-url"
        inputMode="url"
        value={draft.url}
        error={errorAt('url')}
        onChange={({ target }) => edit({ url: target.value })}
        onBlur={({ currentTarget }) => {
          // A password that was pasted along moves into the field that hides it.
          const { url, user, password } = splitAddress(currentTarget.value);
          if (user !== '' || password !== '') edit({ url, user, password });
        }}
      />
      <div className="grid grid-cols-2 gap-3">
        <Field
          label={t('add.user')}
          name="user"
          data-testid="edit-user"
          value={draft.user}
          onChange={({ target }) => edit({ user: target.value })}
        />
        <Field
          label={t('add.password')}
          name="password"
          data-testid="edit-password"
          type="password"
          autoComplete="new-password"
          placeholder={hasPassword(camera) ? t('camera.edit.kept') : ''}
          value={draft.password}
          error={errorAt('password')}
          onChange={({ target }) => edit({ password: target.value })}
        />
      </div>
      <AdvancedFields
        value={draft}
        onChange={edit}
        others={[]}
        errors={{
          substream: errorAt('substream'),
          width: errorAt('width'),
          height: errorAt('height'),
        }}
      />
      <ProbeView state={probe.state} onCancel={probe.reset} />
      {fault?.field === 'form' && (
        <p role="alert" className="text-sm text-error select-text">
          {fault.message}
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button
          className="mr-auto"
          data-testid="edit-test"
          disabled={probe.state.at === 'running'}
          onClick={test}
        >
          {t('probe.start')}
        </Button>
        {changed && (
          <Button
            variant="quiet"
            onClick={() => {
              edit(draftOf(camera));
            }}
          >
            {t('camera.edit.revert')}
          </Button>
        )}
        <Button
          type="submit"
          variant="primary"
          data-testid="edit-save"
          disabled={sending || !changed}
        >
          {sending ? t('camera.edit.saving') : t('camera.edit.save')}
        </Button>
      </div>
    </form>
  );
}

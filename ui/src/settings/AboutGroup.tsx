// Which program this is, help when something is wrong with it, and signing out of it.
import { Download, LogOut } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useServices } from '../app/context';
import { navigate } from '../app/routes';
import { useShell } from '../app/shell';
import { SESSION_PATH } from '../backend';
import { Button } from '../components/ui/button';
import { sentence } from '../lib/sentence';
import { messageOf, useApi } from '../lib/useApi';
import type { SessionState } from '../sign-in/session';
import { diagnosisName } from './numbers';
import { Group, Row } from './rows';

export function SessionGroup() {
  const { t } = useTranslation();
  const { backend } = useServices();
  const { data: session } = useApi<SessionState>(SESSION_PATH);
  if (!session?.required || backend.capabilities.desktop) return null;
  const signOut = async () => {
    try {
      await backend.request('DELETE', SESSION_PATH);
      navigate({ page: 'sign-in' });
    } catch (cause) {
      toast.error(sentence(messageOf(cause)));
    }
  };
  return (
    <Group title={t('settings.session')}>
      <Row label={t('settings.signedIn')} note={t('settings.signedInNote')}>
        <Button className="h-8 px-3" data-testid="sign-out" onClick={() => void signOut()}>
          <LogOut aria-hidden />
          {t('settings.signOut')}
        </Button>
      </Row>
    </Group>
  );
}

export function AboutGroup() {
  const { t } = useTranslation();
  const { info } = useShell();
  const { backend } = useServices();
  const used = info?.ffmpeg;
  return (
    <Group title={t('settings.about')}>
      <Diagnosis />
      <Row
        label={`${t('app.name')} ${info?.version ?? ''}`}
        note={
          <span className="select-text">
            {t('settings.licence')}
            {used && !backend.capabilities.desktop && (
              <> {t('settings.ffmpegInUse', { path: used.path, version: used.version })}</>
            )}
          </span>
        }
      >
        {null}
      </Row>
    </Group>
  );
}

function Diagnosis() {
  const { t } = useTranslation();
  const { backend } = useServices();
  const [saving, setSaving] = useState(false);
  const save = async () => {
    setSaving(true);
    try {
      const file = await backend.saveAs('/api/diagnosis', diagnosisName(new Date()));
      if (file !== null) toast.success(t('settings.diagnosisSaved', { file }));
    } catch (cause) {
      toast.error(sentence(messageOf(cause)));
    }
    setSaving(false);
  };
  return (
    <Row label={t('settings.diagnosis')} note={t('settings.diagnosisNote')}>
      <Button
        className="h-8 px-3"
        data-testid="diagnosis"
        disabled={saving}
        onClick={() => void save()}
      >
        <Download aria-hidden />
        {saving ? t('settings.collecting') : t('settings.download')}
      </Button>
    </Row>
  );
}

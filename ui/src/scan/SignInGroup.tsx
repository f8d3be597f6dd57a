// Devices that ask for a password: one user and password, tried at as many as one likes.
import { KeyRound } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../components/ui/button';
import { Checkbox } from '../components/ui/checkbox';
import { Field } from '../components/ui/field';
import { sentence } from '../lib/sentence';
import { nameOf } from './choose';
import { DeviceFacts } from './ReadyDevice';
import { refusalOf } from './useScan';
import type { Device, SignIn } from './wire';

interface SignInGroupProps {
  devices: Device[];
  onSignIn: (addresses: string[], given: SignIn) => Promise<void>;
}

export function SignInGroup({ devices, onSignIn }: SignInGroupProps) {
  const { t } = useTranslation();
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [given, setGiven] = useState<SignIn>({ username: '', password: '' });
  const [problem, setProblem] = useState<string | null>(null);
  const chosen = devices.filter(({ address }) => !left.has(address));
  const asking = devices.some(({ state }) => state === 'asking');

  const choose = (address: string, wanted: boolean) => {
    const next = new Set(left);
    if (wanted) next.delete(address);
    else next.add(address);
    setLeft(next);
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (given.username.trim() === '') {
      setProblem(t('scan.needUser'));
      return;
    }
    setProblem(null);
    try {
      await onSignIn(
        chosen.map(({ address }) => address),
        given,
      );
    } catch (cause) {
      setProblem(sentence(refusalOf(cause).message));
    }
  };

  return (
    <section aria-labelledby="scan-sign-in" data-testid="scan-sign-in">
      <h2 id="scan-sign-in" className="font-semibold">
        {t('scan.signIn')}
      </h2>
      <p className="mb-2 text-sm text-quiet">{t('scan.signInNote')}</p>
      <form
        onSubmit={submit}
        noValidate
        className="overflow-hidden rounded-2xl border border-line bg-surface"
      >
        <ul className="divide-y divide-line">
          {devices.map((device) => (
            <li key={device.address} className="p-4" data-testid={`scan-device-${device.address}`}>
              <Checkbox
                label={nameOf(device)}
                note={<SignInState device={device} />}
                checked={!left.has(device.address)}
                onChange={(event) => choose(device.address, event.target.checked)}
              />
            </li>
          ))}
        </ul>
        <div className="flex flex-wrap items-start gap-3 border-t border-line bg-raised p-4">
          <Field
            label={t('add.user')}
            className="min-w-40 flex-1"
            data-testid="scan-user"
            value={given.username}
            error={problem}
            onChange={({ target }) => setGiven({ ...given, username: target.value })}
          />
          <Field
            label={t('add.password')}
            className="min-w-40 flex-1"
            data-testid="scan-password"
            type="password"
            autoComplete="new-password"
            value={given.password}
            onChange={({ target }) => setGiven({ ...given, password: target.value })}
          />
          <Button
            type="submit"
            variant="primary"
            className="mt-6.5 h-10"
            data-testid="scan-sign-in-submit"
            disabled={asking || chosen.length === 0}
          >
            <KeyRound aria-hidden />
            {asking ? t('scan.signingIn') : t('scan.signInAt', { count: chosen.length })}
          </Button>
        </div>
      </form>
    </section>
  );
}

function SignInState({ device }: { device: Device }) {
  const { t } = useTranslation();
  return (
    <>
      <DeviceFacts device={device} />
      {device.state === 'asking' && <span role="status">{t('scan.signingIn')}</span>}
      {device.state === 'needs_sign_in' && device.error && (
        <span role="alert" className="text-error select-text">
          {device.error.code === 'auth_failed'
            ? t('scan.wrongPassword')
            : sentence(device.error.message)}
        </span>
      )}
    </>
  );
}

// The devices that a scan found, by what can be done with them.
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { streamIdFor } from '../cameras/slug';
import { useCameras } from '../cameras/useCameras';
import { Button } from '../components/ui/button';
import { sentence } from '../lib/sentence';
import { addressOf, type Group, groupOf, planOf, type Wish } from './choose';
import { OtherDevice } from './OtherDevice';
import { ReadyDevice } from './ReadyDevice';
import { SignInGroup } from './SignInGroup';
import { refusalOf } from './useScan';
import type { Added, NewCamera, Scan, SignIn } from './wire';

interface FoundProps {
  scan: Scan;
  signIn: (addresses: string[], given: SignIn) => Promise<void>;
  add: (cameras: NewCamera[]) => Promise<Added>;
  /** Adds the camera of this address in the dialog. */
  onByHand: (url: string) => void;
}

export function Found({ scan, signIn, add, onByHand }: FoundProps) {
  const { t } = useTranslation();
  const { cameras } = useCameras();
  const [wishes, setWishes] = useState<Record<string, Wish>>({});
  /** What a person gave here, by address: tests need it, and the server tells no password. */
  const [given, setGiven] = useState<Record<string, SignIn>>({});
  const [refused, setRefused] = useState<Record<string, string>>({});
  const [failed, setFailed] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);

  const group = (wanted: Group) =>
    scan.found.filter((device) => groupOf(device, device.address in given) === wanted);
  const ready = group('ready');
  const locked = group('signIn');
  const other = group('other');
  const plans = new Map(ready.map((d) => [d.address, planOf(d, wishes[d.address])]));
  const chosen = ready.filter((d) => plans.get(d.address)?.chosen);

  const wish = (address: string, part: Wish) =>
    setWishes((all) => ({ ...all, [address]: { ...all[address], ...part } }));

  const submit = async () => {
    setAdding(true);
    setFailed(null);
    const taken = (cameras ?? []).map(({ stream_id }) => stream_id);
    const wanted = chosen.map((device): NewCamera => {
      const plan = planOf(device, wishes[device.address]);
      const name = plan.name.trim() || device.address;
      const streamId = streamIdFor(name, taken);
      taken.push(streamId);
      return {
        address: device.address,
        stream_id: streamId,
        name,
        main: plan.main,
        sub: plan.sub,
      };
    });
    try {
      const answer = await add(wanted);
      setRefused(
        Object.fromEntries(answer.refused.map(({ address, error }) => [address, sentence(error)])),
      );
    } catch (cause) {
      setFailed(sentence(refusalOf(cause).message));
    }
    setAdding(false);
  };

  return (
    <>
      {ready.length > 0 && (
        <section aria-labelledby="scan-ready" data-testid="scan-ready">
          <h2 id="scan-ready" className="mb-2 font-semibold">
            {t('scan.ready')}
          </h2>
          <ul className="divide-y divide-line overflow-hidden rounded-2xl border border-line bg-surface">
            {ready.map((device) => (
              <ReadyDevice
                key={device.address}
                device={device}
                plan={plans.get(device.address) ?? planOf(device)}
                signIn={given[device.address]}
                refused={refused[device.address] ?? null}
                onWish={(part) => wish(device.address, part)}
              />
            ))}
          </ul>
        </section>
      )}
      {locked.length > 0 && (
        <SignInGroup
          devices={locked}
          onSignIn={async (addresses, words) => {
            setGiven((all) => ({
              ...all,
              ...Object.fromEntries(addresses.map((address) => [address, words])),
            }));
            await signIn(addresses, words);
          }}
        />
      )}
      {other.length > 0 && (
        <section aria-labelledby="scan-other" data-testid="scan-other">
          <h2 id="scan-other" className="font-semibold">
            {t('scan.other')}
          </h2>
          <p className="mb-2 text-sm text-quiet">{t('scan.otherNote')}</p>
          <ul className="divide-y divide-line overflow-hidden rounded-2xl border border-line bg-surface">
            {other.map((device) => (
              <OtherDevice
                key={device.address}
                device={device}
                onByHand={() => onByHand(addressOf(device))}
              />
            ))}
          </ul>
        </section>
      )}
      {ready.length > 0 && (
        <div className="sticky bottom-0 -mx-1 flex flex-wrap items-center gap-3 border-t border-line bg-ground px-1 py-3">
          {failed && (
            <p role="alert" className="min-w-48 flex-1 text-sm text-error select-text">
              {failed}
            </p>
          )}
          <Button
            variant="primary"
            className="ml-auto"
            data-testid="scan-add"
            disabled={adding || chosen.length === 0}
            onClick={() => void submit()}
          >
            {adding ? t('scan.adding') : t('scan.add', { count: chosen.length })}
          </Button>
        </div>
      )}
    </>
  );
}

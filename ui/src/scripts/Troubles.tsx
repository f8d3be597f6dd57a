// What commonly goes wrong between a script and Fanlight, and what to do about each.
import { useTranslation } from 'react-i18next';

/** Each has a question and an answer in `scripts.trouble`. */
const TROUBLES = [
  'managed',
  'missing',
  'refused',
  'elsewhere',
  'token',
  'notFound',
  'noPicture',
] as const;

interface TroublesProps {
  apiUrl: string;
  /** What installs the Python client, without and with its command. */
  pip: string;
  pipCli: string;
}

export function Troubles({ apiUrl, pip, pipCli }: TroublesProps) {
  const { t } = useTranslation();
  return (
    <section aria-labelledby="scripts-troubles">
      <h2 id="scripts-troubles" className="mb-2 font-semibold">
        {t('scripts.troubles')}
      </h2>
      <div className="divide-y divide-line rounded-2xl border border-line bg-surface">
        {TROUBLES.map((trouble) => (
          <details key={trouble}>
            <summary className="cursor-pointer rounded-lg px-4 py-2.5 text-sm font-medium">
              {t(`scripts.trouble.${trouble}.sign`)}
            </summary>
            <p className="px-4 pb-3 text-sm text-quiet select-text">
              {t(`scripts.trouble.${trouble}.cure`, { apiUrl, pip, pipCli })}
            </p>
          </details>
        ))}
      </div>
    </section>
  );
}

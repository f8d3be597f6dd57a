// Why nothing can be recorded, or the library cannot be shown, each with a way out.
import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { formatRoute } from '../app/routes';
import { BackendError } from '../backend';
import { isOneOf } from '../cameras/probe';
import { sentence } from '../lib/sentence';
import type { Trouble } from './wire';

/** Have words of their own in `recordings.trouble`. */
export const TROUBLES = ['disk_full', 'folder_unwritable', 'unsupported_codec'] as const;

/** Recording has stopped although somebody wants it. */
export function LibraryTrouble({ trouble }: { trouble: Trouble }) {
  const { t } = useTranslation();
  const { code, message } = trouble;
  return (
    <Alert>
      <p>
        {isOneOf(TROUBLES, code) ? t(`recordings.trouble.${code}`) : t('recordings.trouble.other')}{' '}
        <span className="text-quiet">{sentence(message)}</span>
      </p>
      <a
        href={formatRoute({ page: 'settings' })}
        className="rounded font-medium whitespace-nowrap text-accent hover:text-accent-hover"
      >
        {t('recordings.settings')}
      </a>
    </Alert>
  );
}

/** The library itself cannot be had. */
export function Unavailable({ cause }: { cause: Error }) {
  const { t } = useTranslation();
  const { code, status } = cause instanceof BackendError ? cause : { code: 'unknown', status: 0 };
  return (
    <Alert>
      <p>
        {code === 'recordings_off'
          ? t('recordings.off')
          : status === 404
            ? t('recordings.unknown')
            : t('recordings.failed', { reason: sentence(cause.message) })}
      </p>
    </Alert>
  );
}

function Alert({ children }: { children: ReactNode }) {
  return (
    <div
      role="alert"
      data-testid="recordings-trouble"
      className="mb-6 flex gap-3 rounded-xl border border-line bg-warning-ground p-4 text-sm select-text [&>p]:flex-1"
    >
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
      {children}
    </div>
  );
}

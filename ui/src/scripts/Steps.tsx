// From nothing to a program that reads the camera, step by step.
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { CodeBlock } from '../cameras/CodeBlock';
import { TokenNote } from '../cameras/TokenNote';
import type { Clients, Way } from './ways';

interface StepsProps {
  way: Way;
  apiUrl: string;
  streamId: string;
  token: boolean;
  clients: Clients;
}

export function Steps({ way, apiUrl, streamId, token, clients }: StepsProps) {
  const { t } = useTranslation();
  const { install, file, run } = way;
  const absent = install?.ours !== undefined && clients[install.ours] === null;
  return (
    <ol className="space-y-6">
      {install && (
        <Step
          title={t('scripts.install')}
          note={t(`scripts.installNote.${absent ? 'folder' : install.note}`)}
        >
          <CodeBlock
            code={install.command(apiUrl, clients)}
            name={t('scripts.install')}
            testId="scripts-copy-install"
          />
        </Step>
      )}
      {token && (
        <Step title={t('scripts.token')}>
          <TokenNote from={way.tokenFrom} />
        </Step>
      )}
      <Step title={file ? t('scripts.saveAs', { file }) : t(`scripts.code.${codeKind(way)}`)}>
        <CodeBlock
          code={way.make(apiUrl, streamId, token)}
          name={way.name}
          testId="scripts-copy-code"
        />
      </Step>
      {run && (
        <Step title={t('scripts.run')} note={t('scripts.runNote')}>
          <CodeBlock code={run} name={t('scripts.run')} testId="scripts-copy-run" />
        </Step>
      )}
    </ol>
  );
}

const codeKind = ({ page }: Way) => (page ? 'page' : 'command');

function Step({ title, note, children }: { title: string; note?: string; children: ReactNode }) {
  return (
    <li className="grid grid-cols-[2rem_1fr] [counter-increment:step]">
      <span
        aria-hidden
        className="grid size-6 place-items-center rounded-full bg-raised text-xs font-semibold before:content-[counter(step)]"
      />
      <div className="min-w-0 space-y-2">
        <h2 className="leading-6 font-medium">{title}</h2>
        {note && <p className="text-sm text-quiet">{note}</p>}
        {children}
      </div>
    </li>
  );
}

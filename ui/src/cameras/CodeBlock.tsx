// Code to read and to copy.
import { Copy } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '../components/ui/button';
import { copyText } from '../lib/copy';

interface CodeBlockProps {
  code: string;
  /** What the code is, for the name of its button; null while one button is all there is. */
  name?: string;
  testId: string;
}

/** A short line has its button beside it, longer code below. */
export function CodeBlock({ code, name, testId }: CodeBlockProps) {
  const { t } = useTranslation();
  const line = !code.trimEnd().includes('\n');
  return (
    <div className={line ? 'flex items-start gap-2' : 'space-y-3'}>
      <pre className="min-w-0 flex-1 overflow-x-auto rounded-lg border border-line bg-ground px-3 py-2 text-sm whitespace-pre-wrap text-text select-text">
        {code}
      </pre>
      <Button
        variant={line ? 'outline' : 'primary'}
        data-testid={testId}
        aria-label={name && t('code.copyOf', { name })}
        onClick={() => void copyText(code)}
      >
        <Copy aria-hidden />
        {t('code.copy')}
      </Button>
    </div>
  );
}

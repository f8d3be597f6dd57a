// Where a snippet's token comes from, when the server asks for one.
import { useTranslation } from 'react-i18next';
import { CodeBlock } from './CodeBlock';
import { TOKEN_LINE, type TokenFrom } from './snippets';

export function TokenNote({ from }: { from: TokenFrom }) {
  const { t } = useTranslation();
  return (
    <div className="space-y-2 text-sm text-quiet" data-testid="token-note">
      <p>{t(`code.token.${from}`)}</p>
      {from !== 'page' && <CodeBlock code={TOKEN_LINE} name="FANLIGHT_TOKEN" testId="token-copy" />}
    </div>
  );
}

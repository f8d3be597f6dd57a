// Puts text on the clipboard and says so.
import { toast } from 'sonner';
import { i18n } from '../i18n';

export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast.success(i18n.t('status.copied'));
  } catch {
    toast.error(i18n.t('status.copyFailed'));
  }
}

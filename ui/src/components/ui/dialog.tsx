// Modal dialogs over Radix: focus trap, Escape and labels come from there, the look from here.
import { X } from 'lucide-react';
import { AlertDialog as RadixAlert, Dialog as RadixDialog } from 'radix-ui';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '../../lib/cn';
import { Button } from './button';

const OVERLAY = 'fixed inset-0 z-40 bg-black/60 fade-in';
const CONTENT =
  'fixed top-1/2 left-1/2 z-50 max-h-[calc(100vh-2rem)] -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-2xl border border-line bg-surface p-6 text-text shadow-float outline-none fade-in';

/** By what is inside. */
const WIDTH = {
  words: 'w-[min(30rem,calc(100vw-2rem))]',
  code: 'w-[min(44rem,calc(100vw-2rem))]',
  pictures: 'w-[min(64rem,calc(100vw-2rem))]',
};

interface DialogProps {
  open: boolean;
  holds?: keyof typeof WIDTH;
  onClose: () => void;
  title: ReactNode;
  description?: ReactNode;
  children: ReactNode;
}

export function Dialog({
  open,
  holds = 'words',
  onClose,
  title,
  description,
  children,
}: DialogProps) {
  const { t } = useTranslation();
  return (
    <RadixDialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className={OVERLAY} />
        <RadixDialog.Content
          className={cn(CONTENT, WIDTH[holds])}
          {...(description ? {} : { 'aria-describedby': undefined })}
        >
          <RadixDialog.Title className="pr-8 text-lg font-semibold">{title}</RadixDialog.Title>
          {description && (
            <RadixDialog.Description className="mt-1 text-sm text-quiet">
              {description}
            </RadixDialog.Description>
          )}
          {children}
          <RadixDialog.Close asChild>
            <Button
              variant="quiet"
              size="icon"
              className="absolute top-4 right-4 text-quiet"
              aria-label={t('close')}
            >
              <X aria-hidden />
            </Button>
          </RadixDialog.Close>
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

interface ConfirmProps {
  open: boolean;
  onClose: () => void;
  onConfirm: () => void;
  title: ReactNode;
  children: ReactNode;
  confirm: ReactNode;
  cancel: ReactNode;
  confirmTestId: string;
}

/** Asks before something that cannot be undone; the harmless choice has the focus. */
export function ConfirmDialog(props: ConfirmProps) {
  return (
    <RadixAlert.Root open={props.open} onOpenChange={(next) => !next && props.onClose()}>
      <RadixAlert.Portal>
        <RadixAlert.Overlay className={OVERLAY} />
        <RadixAlert.Content className={cn(CONTENT, WIDTH.words)}>
          <RadixAlert.Title className="text-lg font-semibold">{props.title}</RadixAlert.Title>
          <RadixAlert.Description asChild>
            <div className="mt-2 space-y-1 text-sm text-quiet">{props.children}</div>
          </RadixAlert.Description>
          <div className="mt-6 flex justify-end gap-2">
            <RadixAlert.Cancel asChild>
              <Button>{props.cancel}</Button>
            </RadixAlert.Cancel>
            <RadixAlert.Action asChild>
              <Button variant="danger" data-testid={props.confirmTestId} onClick={props.onConfirm}>
                {props.confirm}
              </Button>
            </RadixAlert.Action>
          </div>
        </RadixAlert.Content>
      </RadixAlert.Portal>
    </RadixAlert.Root>
  );
}

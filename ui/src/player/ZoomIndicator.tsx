// Tells that a tile shows a part of its picture only, and leads back to the whole.
import { ZoomOut } from 'lucide-react';
import { useTranslation } from 'react-i18next';

interface ZoomIndicatorProps {
  streamId: string;
  name: string;
  scale: number;
  onReset: () => void;
}

export function ZoomIndicator({ streamId, name, scale, onReset }: ZoomIndicatorProps) {
  const { t } = useTranslation();
  if (scale === 1) return null;
  return (
    <button
      type="button"
      data-testid={`zoom-${streamId}`}
      aria-label={t('zoom.reset', { name, scale: scale.toFixed(1) })}
      onClick={onReset}
      onDoubleClick={(event) => event.stopPropagation()}
      className="absolute right-2 bottom-2 flex items-center gap-1.5 rounded-lg bg-black/65 px-2 py-1 text-xs text-white tabular-nums hover:bg-black/85 focus-visible:outline-white [&_svg]:size-3.5"
    >
      <ZoomOut aria-hidden />
      {scale.toFixed(1)}×
    </button>
  );
}

// What can be done with one camera.
import {
  Braces,
  Code,
  EllipsisVertical,
  Gauge,
  Info,
  Maximize2,
  Minimize2,
  Terminal,
  Trash2,
} from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { navigate } from '../app/routes';
import type { Stream } from '../backend';
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from '../components/ui/menu';
import { copyText } from '../lib/copy';
import { toggleOverlay } from '../player/overlayChoice';
import { KeepItems } from '../recordings/KeepItems';
import { CodeDialog } from './CodeDialog';
import { curlSnippet, pythonSnippet } from './snippets';
import { useTokenRequired } from './useTokenRequired';

interface TileMenuProps {
  camera: Stream;
  alone: boolean;
  onToggleSolo: () => void;
  onRemove: (camera: Stream) => void;
  apiUrl: string;
}

export function TileMenu({ camera, alone, onToggleSolo, onRemove, apiUrl }: TileMenuProps) {
  const { t } = useTranslation();
  const [coding, setCoding] = useState(false);
  const token = useTokenRequired();
  const id = camera.stream_id;
  const Size = alone ? Minimize2 : Maximize2;
  return (
    <>
      <Menu modal={false}>
        <MenuTrigger
          data-testid={`tile-menu-${id}`}
          aria-label={t('tile.menu', { name: camera.name })}
          onDoubleClick={(event) => event.stopPropagation()}
          className="grid size-9 place-items-center rounded-lg bg-black/55 text-white hover:bg-black/80 focus-visible:outline-white"
        >
          <EllipsisVertical aria-hidden className="size-4.5" />
        </MenuTrigger>
        <MenuContent onDoubleClick={(event) => event.stopPropagation()}>
          <MenuItem onSelect={onToggleSolo}>
            <Size aria-hidden />
            {alone ? t('tile.backToAll') : t('tile.solo')}
          </MenuItem>
          <MenuItem data-testid="tile-details" onSelect={() => navigate({ page: 'camera', id })}>
            <Info aria-hidden />
            {t('record.details')}
          </MenuItem>
          <MenuSeparator />
          <KeepItems camera={camera} />
          <MenuSeparator />
          <MenuItem onSelect={() => void copyText(pythonSnippet(apiUrl, id))}>
            <Code aria-hidden />
            {t('tile.copyPython')}
          </MenuItem>
          <MenuItem onSelect={() => void copyText(curlSnippet(apiUrl, id, token))}>
            <Terminal aria-hidden />
            {t('tile.copyCurl')}
          </MenuItem>
          <MenuItem data-testid="tile-code" onSelect={() => setCoding(true)}>
            <Braces aria-hidden />
            {t('code.menu')}
          </MenuItem>
          <MenuItem data-testid="tile-overlay" onSelect={toggleOverlay}>
            <Gauge aria-hidden />
            {t('overlay.toggle')}
          </MenuItem>
          <MenuSeparator />
          <MenuItem
            data-testid="tile-remove"
            className="text-error [&_svg]:text-error"
            onSelect={() => onRemove(camera)}
          >
            <Trash2 aria-hidden />
            {t('tile.remove')}
          </MenuItem>
        </MenuContent>
      </Menu>
      {/* A double click in the dialog bubbles through React to the tile, which must not act on it. */}
      {coding && (
        // biome-ignore lint/a11y/noStaticElementInteractions: only keeps an event from the tile
        <div
          className="contents"
          role="presentation"
          onDoubleClick={(event) => event.stopPropagation()}
        >
          <CodeDialog camera={camera} apiUrl={apiUrl} onClose={() => setCoding(false)} />
        </div>
      )}
    </>
  );
}

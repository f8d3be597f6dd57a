// Says every change of a camera's state to screen readers.
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Stream, StreamState } from '../backend';

export function Announcer({ cameras }: { cameras: Stream[] }) {
  const { t } = useTranslation();
  const before = useRef(new Map<string, StreamState>());
  const [words, setWords] = useState('');

  useEffect(() => {
    const changes: string[] = [];
    const now = new Map<string, StreamState>();
    for (const { stream_id, name, status } of cameras) {
      now.set(stream_id, status.state);
      const was = before.current.get(stream_id);
      if (was !== undefined && was !== status.state) {
        changes.push(t('status.announce', { name, state: t(`state.${status.state}`) }));
      }
    }
    before.current = now;
    if (changes.length > 0) setWords(changes.join('. '));
  }, [cameras, t]);

  return (
    <p role="status" className="sr-only">
      {words}
    </p>
  );
}

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, test } from 'vitest';
import { ServicesProvider } from '../src/app/context';
import { BackendError } from '../src/backend';
import { useApi } from '../src/lib/useApi';
import { FrameHub } from '../src/player/hub';
import { FakeBackend, settle } from './fakes';

function asking(backend: FakeBackend) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>
      <ServicesProvider backend={backend} hub={new FrameHub(backend)}>
        {children}
      </ServicesProvider>
    </QueryClientProvider>
  );
  return renderHook(() => useApi<number>('/api/x', { every: 10 }), { wrapper });
}

test('asks again and again', async () => {
  const backend = new FakeBackend();
  backend.answers.set('GET /api/x', 1);
  const { result } = asking(backend);
  await waitFor(() => expect(result.current.data).toBe(1));
  backend.answers.set('GET /api/x', 2);
  await waitFor(() => expect(result.current.data).toBe(2));
});

test('a server that has no such thing is asked once', async () => {
  const backend = new FakeBackend();
  const { result } = asking(backend);
  await waitFor(() => expect(result.current.missing).toBe(true));
  await settle(200);
  expect(backend.requests).toHaveLength(1);
});

test('a failure of another kind is asked again, and the last answer stays', async () => {
  const backend = new FakeBackend();
  backend.answers.set('GET /api/x', 1);
  const { result } = asking(backend);
  await waitFor(() => expect(result.current.data).toBe(1));
  backend.answers.set('GET /api/x', new BackendError('busy', 'busy', 503));
  await waitFor(() => expect(result.current.error?.message).toBe('busy'));
  expect(result.current).toMatchObject({ data: 1, missing: false });
  backend.answers.set('GET /api/x', 3);
  await waitFor(() => expect(result.current.data).toBe(3));
});

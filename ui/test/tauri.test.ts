import { beforeEach, describe, expect, test, vi } from 'vitest';
import { BackendError } from '../src/backend';
import { TauriBackend } from '../src/backend/tauri';

const shell = vi.hoisted(() => ({
  invoke: vi.fn(),
  listeners: new Map<string, (event: { payload: unknown }) => void>(),
}));
vi.mock('@tauri-apps/api/core', () => ({
  invoke: shell.invoke,
  convertFileSrc: (path: string, scheme: string) => `${scheme}://localhost/${path}`,
}));
vi.mock('@tauri-apps/api/event', () => ({
  listen: async (event: string, take: (event: { payload: unknown }) => void) => {
    shell.listeners.set(event, take);
    return () => shell.listeners.delete(event);
  },
}));

const emit = (event: string, payload: unknown = null) => shell.listeners.get(event)?.({ payload });
const settle = () => new Promise<void>((done) => setTimeout(done));

beforeEach(() => {
  shell.invoke.mockReset();
  shell.listeners.clear();
});

describe('frames', () => {
  test('news lead to a call, until nobody has a place for them', async () => {
    shell.invoke.mockResolvedValue(new ArrayBuffer(0));
    const leave = new TauriBackend().onSurface(() => null);
    await settle();
    emit('frames');
    await settle();
    expect(shell.invoke).toHaveBeenCalledExactlyOnceWith('next_frames');
    leave();
    await settle();
    emit('frames');
    expect(shell.invoke).toHaveBeenCalledOnce();
  });

  test('watched tiles are declared in the words of the shell', async () => {
    shell.invoke.mockResolvedValue(new ArrayBuffer(0));
    new TauriBackend().watch([{ key: 4, streamId: 'porch', width: 320, height: 180 }]);
    expect(shell.invoke).toHaveBeenCalledWith('watch_frames', {
      tiles: [{ key: 4, stream_id: 'porch', width: 320, height: 180 }],
    });
    await settle();
  });
});

describe('requests', () => {
  test('are the HTTP API through one command', async () => {
    shell.invoke.mockResolvedValue({ status: 200, body: '{"message":"ok"}' });
    await new TauriBackend().addStream({ stream_id: 'porch', rtsp_url: 'demo:' });
    expect(shell.invoke).toHaveBeenCalledWith('request', {
      method: 'POST',
      path: '/api/streams',
      body: '{"stream_id":"porch","rtsp_url":"demo:"}',
    });
  });

  test('a problem becomes an error with its sentence and code', async () => {
    shell.invoke.mockResolvedValue({
      status: 422,
      body: '{"code":"unsupported_scheme","error":"Fanlight cannot open ftp addresses"}',
    });
    const failed = new TauriBackend().removeStream('porch');
    await expect(failed).rejects.toEqual(
      new BackendError('Fanlight cannot open ftp addresses', 'unsupported_scheme', 422),
    );
  });
});

test('pushed lists arrive until left', async () => {
  const news = vi.fn();
  const leave = new TauriBackend().pushStreams(news);
  await settle();
  emit('streams', { streams: [] });
  leave();
  await settle();
  emit('streams', { streams: [] });
  expect(news).toHaveBeenCalledExactlyOnceWith({ streams: [] });
});

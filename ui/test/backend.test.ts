// What both backends promise besides calls of the API: files, and the window's settings.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { HttpBackend } from '../src/backend/http';
import { TauriBackend } from '../src/backend/tauri';

const shell = vi.hoisted(() => ({ invoke: vi.fn() }));
vi.mock('@tauri-apps/api/core', () => ({
  invoke: shell.invoke,
  convertFileSrc: (path: string, scheme: string) => `${scheme}://localhost/${path}`,
}));
vi.mock('@tauri-apps/api/event', () => ({ listen: async () => () => {} }));

beforeEach(() => {
  shell.invoke.mockReset();
});

describe('in a browser', () => {
  const clicked: { href: string; name: string }[] = [];
  beforeEach(() => {
    clicked.length = 0;
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      clicked.push({ href: this.href, name: this.download });
    });
  });
  const answer = (status: number, body: string, length?: number) =>
    vi.stubGlobal(
      'fetch',
      vi.fn().mockResolvedValue(
        new Response(body, {
          status,
          headers: { 'Content-Length': String(length ?? body.length) },
        }),
      ),
    );

  test('media come from the server itself', () => {
    expect(new HttpBackend('http://h').mediaUrl('/api/recordings/1/video')).toBe(
      'http://h/api/recordings/1/video',
    );
  });

  test('a small file is handed to the browser under its name', async () => {
    answer(200, 'zip');
    expect(await new HttpBackend('http://h').saveAs('/api/diagnosis', 'd.zip')).toBe('d.zip');
    expect(clicked).toEqual([{ href: 'blob:test/0', name: 'd.zip' }]);
  });

  test('a large one never stands in memory', async () => {
    answer(200, 'x', 1e9);
    await new HttpBackend('http://h').saveAs('/api/recordings/1/video?download=1', 'v.mp4');
    expect(clicked).toEqual([
      { href: 'http://h/api/recordings/1/video?download=1', name: 'v.mp4' },
    ]);
  });

  test('a refusal is not saved as a file', async () => {
    answer(503, '{"code":"paused","error":"paused"}');
    const saving = new HttpBackend('http://h').saveAs('/api/streams/a/snapshot.jpg', 'a.jpg');
    await expect(saving).rejects.toMatchObject({ code: 'paused', status: 503 });
    expect(clicked).toEqual([]);
  });
});

describe('in the window', () => {
  test('media come through the scheme of the shell', () => {
    expect(new TauriBackend().mediaUrl('/api/recordings/1/video')).toBe(
      'fanlight://localhost/api/recordings/1/video',
    );
  });

  test('saving asks where; changing ones mind is no error', async () => {
    shell.invoke.mockResolvedValue(null);
    expect(await new TauriBackend().saveAs('/api/diagnosis', 'd.zip')).toBeNull();
    expect(shell.invoke).toHaveBeenCalledWith('save_file', {
      pathOfApi: '/api/diagnosis',
      suggestedName: 'd.zip',
    });
  });

  test('a refused setting names its field', async () => {
    shell.invoke.mockRejectedValue({ code: 'port_taken', message: 'taken', field: 'port' });
    await expect(new TauriBackend().desktop.change({ port: 80 })).rejects.toMatchObject({
      code: 'port_taken',
      message: 'taken',
      field: 'port',
    });
    expect(shell.invoke).toHaveBeenCalledWith('change_settings', { patch: { port: 80 } });
  });
});

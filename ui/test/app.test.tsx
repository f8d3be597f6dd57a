// The window as a person uses it, over a backend in memory.
import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test, vi } from 'vitest';
import { BackendError } from '../src/backend';
import { camera, FakeBackend, settle, showApp } from './fakes';

async function openAdd(backend: FakeBackend) {
  const user = userEvent.setup();
  showApp(backend);
  await user.click(await screen.findByTestId('add-open'));
  return user;
}

describe('first run', () => {
  test('offers the demo, and one click shows it', async () => {
    const backend = new FakeBackend();
    const user = userEvent.setup();
    showApp(backend);
    await user.click(await screen.findByTestId('empty-try-demo'));
    expect(backend.added).toEqual([{ stream_id: 'demo', name: 'Demo camera', rtsp_url: 'demo:' }]);
    expect(await screen.findByTestId('tile-demo')).toBeInTheDocument();
    expect(screen.queryByTestId('empty-add')).not.toBeInTheDocument();
  });

  test('adding is the other choice', async () => {
    const user = userEvent.setup();
    showApp(new FakeBackend());
    await user.click(await screen.findByTestId('empty-add'));
    expect(screen.getByTestId('add-url')).toHaveFocus();
  });
});

describe('adding a camera', () => {
  test("shows the server's own words beside the address", async () => {
    const backend = new FakeBackend();
    backend.refusal = new BackendError(
      'Fanlight cannot open ftp cameras.',
      'unsupported_scheme',
      422,
    );
    const user = await openAdd(backend);
    await user.type(screen.getByTestId('add-url'), 'ftp://nope');
    await user.click(screen.getByTestId('add-submit'));
    expect(await screen.findByTestId('add-error')).toHaveTextContent(
      'Fanlight cannot open ftp cameras.',
    );
    expect(screen.getByTestId('add-url')).toHaveAccessibleDescription(
      'Fanlight cannot open ftp cameras.',
    );
    await user.type(screen.getByTestId('add-url'), 'x');
    expect(screen.queryByTestId('add-error')).not.toBeInTheDocument();
  });

  test('an empty address is asked for without asking the server', async () => {
    const backend = new FakeBackend();
    const user = await openAdd(backend);
    await user.click(screen.getByTestId('add-submit'));
    expect(screen.getByTestId('add-error')).toHaveTextContent(/paste/i);
    expect(backend.added).toEqual([]);
  });

  test('a pasted password moves into a field that hides it, and is sent encoded', async () => {
    const backend = new FakeBackend([camera('10-0-0-2')]);
    const user = await openAdd(backend);
    await user.click(screen.getByTestId('add-url'));
    await user.paste('rtsp://admin:p@ss^@10.0.0.2/s1');
    expect(screen.getByTestId('add-url')).toHaveValue('rtsp://10.0.0.2/s1');
    expect(screen.getByTestId('add-password')).toHaveAttribute('type', 'password');
    expect(screen.getByTestId('add-password')).toHaveValue('p@ss^');
    await user.click(screen.getByTestId('add-submit'));
    await waitFor(() => expect(backend.added).toHaveLength(1));
    expect(backend.added[0]).toEqual({
      stream_id: '10-0-0-2-2',
      name: '10.0.0.2',
      rtsp_url: 'rtsp://admin:p%40ss%5E@10.0.0.2/s1',
    });
    expect(document.body).not.toHaveTextContent('p@ss^');
  });

  test('a typed password is hidden as soon as the field is left', async () => {
    const user = await openAdd(new FakeBackend());
    await user.type(screen.getByTestId('add-url'), 'rtsp://admin:secret@10.0.0.2/s1');
    await user.tab();
    expect(screen.getByTestId('add-url')).toHaveValue('rtsp://10.0.0.2/s1');
    expect(screen.getByTestId('add-password')).toHaveValue('secret');
  });

  test('then shows connecting, the exact reason, and edit with what was typed', async () => {
    const backend = new FakeBackend();
    const user = await openAdd(backend);
    await user.type(screen.getByTestId('add-url'), '10.0.0.2');
    await user.type(screen.getByTestId('add-name'), 'Hall');
    await user.click(screen.getByTestId('add-submit'));
    const dialog = await screen.findByRole('dialog', { name: 'Connecting to Hall' });
    const message = 'The camera refused the password.';
    const error = { code: 'auth_failed', message, certificate: null };
    const status = { state: 'auth_failed' as const, error };
    backend.push([camera('hall', { name: 'Hall', status, video: null })]);
    expect(await within(dialog).findByText(message)).toBeInTheDocument();
    expect(dialog).toHaveAccessibleName('Hall cannot be shown yet');
    await user.click(within(dialog).getByRole('button', { name: 'Edit' }));
    expect(backend.removed).toEqual(['hall']);
    expect(screen.getByTestId('add-url')).toHaveValue('rtsp://10.0.0.2');
    expect(screen.getByTestId('add-name')).toHaveValue('Hall');
    // What the camera asked for is the next thing to type.
    expect(screen.getByTestId('add-user')).toHaveFocus();
    await user.keyboard('admin');
    await user.click(screen.getByTestId('add-submit'));
    await waitFor(() => expect(backend.added).toHaveLength(2));
  });

  test('an address that is there already is told, and added when one insists', async () => {
    const there = camera('yard', { name: 'Yard', rtsp_url: 'rtsp://admin:***@10.0.0.2/s1' });
    const backend = new FakeBackend([there]);
    const user = await openAdd(backend);
    await user.type(screen.getByTestId('add-url'), 'rtsp://admin:secret@10.0.0.2/s1');
    await user.click(screen.getByTestId('add-submit'));
    expect(await screen.findByTestId('add-error')).toHaveTextContent(/Yard has this address/);
    expect(backend.added).toEqual([]);
    await user.click(screen.getByTestId('add-submit'));
    await waitFor(() => expect(backend.added).toHaveLength(1));
  });

  test('offers to accept the certificate of a camera that signs its own', async () => {
    const backend = new FakeBackend();
    const user = await openAdd(backend);
    await user.type(screen.getByTestId('add-url'), 'rtsps://10.0.0.2/s1');
    await user.click(screen.getByTestId('add-submit'));
    await screen.findByRole('dialog', { name: 'Connecting to 10.0.0.2' });
    const error = { code: 'tls_failed', message: 'Not trusted.', certificate: 'AB:CD' };
    backend.push([camera('10-0-0-2', { status: { state: 'error', error }, video: null })]);
    await user.click(await screen.findByTestId('add-accept'));
    await waitFor(() => expect(backend.added).toHaveLength(2));
    expect(backend.removed).toEqual(['10-0-0-2']);
    expect(backend.added[1]).toMatchObject({
      stream_id: '10-0-0-2',
      rtsp_url: 'rtsps://10.0.0.2/s1',
      tls_fingerprint: 'AB:CD',
    });
  });

  test('closes by itself once the picture is there, however often the list comes', async () => {
    const backend = new FakeBackend();
    const user = await openAdd(backend);
    await user.type(screen.getByTestId('add-url'), '10.0.0.2');
    await user.click(screen.getByTestId('add-submit'));
    await screen.findByRole('dialog', { name: 'Connecting to 10.0.0.2' });
    backend.push([camera('10-0-0-2', { name: '10.0.0.2' })]);
    await waitFor(() => expect(backend.watched.at(-1)).toHaveLength(2));
    for (const { key } of backend.watched.at(-1) ?? []) backend.frame(key);
    await settle(20);
    expect(screen.getByRole('dialog')).toHaveAccessibleName('10.0.0.2 is live');
    for (let news = 0; news < 4; news++) {
      await settle(500);
      backend.push([camera('10-0-0-2', { name: '10.0.0.2', frame_count: news })]);
    }
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });
});

describe('a tile', () => {
  test('shows frames without a render, in the size it needs', async () => {
    const backend = new FakeBackend([camera('porch')]);
    showApp(backend);
    await screen.findByTestId('tile-porch');
    await waitFor(() => expect(backend.watched.at(-1)).toHaveLength(1));
    expect(backend.watched.at(-1)?.[0]).toMatchObject({
      streamId: 'porch',
      width: 1280,
      height: 720,
    });
    act(() => backend.frame(backend.watched.at(-1)?.[0]?.key ?? 0));
    expect(await screen.findByTestId('tile-img-porch')).toBeVisible();
    expect(screen.getByTestId('tile-status-porch')).toHaveTextContent('Online');
  });

  test('that is sick explains itself', async () => {
    const status = {
      state: 'reconnecting' as const,
      error: {
        code: 'camera_unreachable',
        message: 'No answer from 10.0.0.2:554',
        certificate: null,
      },
      next_try: new Date(Date.now() + 8000).toISOString(),
    };
    showApp(new FakeBackend([camera('porch', { status })]));
    const said = await screen.findByTestId('tile-status-porch');
    expect(said).toHaveTextContent('Reconnecting');
    expect(said).toHaveTextContent('No answer from 10.0.0.2:554');
    expect(said).toHaveTextContent(/Next try in [78] s/);
  });

  test('is shown alone by Enter, double click and its number; Escape goes back', async () => {
    showApp(new FakeBackend([camera('porch'), camera('garden')]));
    const porch = await screen.findByTestId('tile-porch');
    const garden = screen.getByTestId('tile-garden');
    fireEvent.keyDown(porch, { key: 'Enter' });
    expect(garden).not.toBeVisible();
    fireEvent.keyDown(document.body, { key: 'Escape' });
    expect(garden).toBeVisible();
    fireEvent.doubleClick(garden);
    expect(porch).not.toBeVisible();
    fireEvent.keyDown(document.body, { key: 'Escape' });
    // Both were made at the same instant, so they stand in the order of their ids.
    fireEvent.keyDown(document.body, { key: '2' });
    expect(porch).toBeVisible();
    expect(garden).not.toBeVisible();
  });

  test('is removed only after a confirmation that names its readers', async () => {
    const backend = new FakeBackend([camera('porch', { name: 'Porch', client_count: 3 })]);
    const user = userEvent.setup();
    showApp(backend);
    await waitFor(() => expect(backend.watched.at(-1)).toHaveLength(1));
    await user.click(await screen.findByTestId('tile-menu-porch'));
    await user.click(await screen.findByTestId('tile-remove'));
    const dialog = await screen.findByRole('alertdialog', { name: 'Remove Porch?' });
    expect(dialog).toHaveTextContent('2 scripts or pages read it now');
    expect(backend.removed).toEqual([]);
    await user.click(screen.getByTestId('remove-confirm'));
    expect(backend.removed).toEqual(['porch']);
    await screen.findByTestId('empty-try-demo');
  });

  test('keeping it changes nothing', async () => {
    const backend = new FakeBackend([camera('porch')]);
    const user = userEvent.setup();
    showApp(backend);
    await user.click(await screen.findByTestId('tile-menu-porch'));
    await user.click(await screen.findByTestId('tile-remove'));
    await user.click(await screen.findByRole('button', { name: 'Keep it' }));
    expect(backend.removed).toEqual([]);
    expect(screen.getByTestId('tile-porch')).toBeInTheDocument();
  });
});

describe('around the pictures', () => {
  test('the status line counts, and copies the address', async () => {
    const user = userEvent.setup();
    const stalled = { state: 'stalled' as const };
    const yard = camera('yard', { status: stalled });
    const backend = new FakeBackend([camera('porch', { client_count: 2 }), yard]);
    showApp(backend);
    expect(await screen.findByText('1/2 cameras online')).toBeInTheDocument();
    // One of the three is this window.
    await waitFor(() => expect(backend.watched.at(-1)).toHaveLength(2));
    backend.push([camera('porch', { client_count: 3 }), yard]);
    expect(await screen.findByText('2 consumers connected')).toBeInTheDocument();
    const address = await screen.findByTestId('api-address');
    expect(address).toHaveTextContent('http://127.0.0.1:8080');
    await user.click(address);
    expect(await navigator.clipboard.readText()).toBe('http://127.0.0.1:8080');
  });

  test('missing FFmpeg is a banner with a way out', async () => {
    const backend = new FakeBackend();
    backend.appInfo = { ...backend.appInfo, ffmpeg: null };
    const user = userEvent.setup();
    showApp(backend);
    expect(await screen.findByText(/FFmpeg was not found/)).toBeInTheDocument();
    backend.appInfo = { ...backend.appInfo, ffmpeg: { path: 'ffmpeg', version: '9' } };
    await user.click(screen.getByRole('button', { name: 'Check again' }));
    await waitFor(() => expect(screen.queryByText(/FFmpeg/)).not.toBeInTheDocument());
  });

  test('a change of state is announced', async () => {
    const backend = new FakeBackend([camera('porch', { name: 'Porch' })]);
    showApp(backend);
    await screen.findByTestId('tile-porch');
    backend.push([camera('porch', { name: 'Porch', status: { state: 'stalled' } })]);
    expect(await screen.findByText('Porch: No picture')).toBeInTheDocument();
  });

  test('the theme goes dark, light, system, and is kept', async () => {
    const user = userEvent.setup();
    showApp(new FakeBackend());
    const toggle = await screen.findByTestId('theme-toggle');
    expect(document.documentElement.dataset.theme).toBe('dark');
    await user.click(toggle);
    expect(document.documentElement.dataset.theme).toBe('light');
    expect(localStorage.getItem('fanlight.theme')).toBe('light');
    await user.click(toggle);
    expect(toggle).toHaveAccessibleName('Theme: system');
  });

  test('a server that does not answer is told', async () => {
    const backend = new FakeBackend();
    backend.listStreams = vi.fn().mockRejectedValue(new BackendError('gone', 'unreachable', 0));
    showApp(backend);
    expect(await screen.findByText(/does not answer/)).toBeInTheDocument();
  });
});

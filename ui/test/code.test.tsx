// Code for a camera, from its menu.
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { camera, FakeBackend, showApp } from './fakes';

test('each tab copies what it shows, and none has the address of the camera', async () => {
  const user = userEvent.setup();
  showApp(new FakeBackend([camera('door')]));
  await user.click(await screen.findByTestId('tile-menu-door'));
  await user.click(screen.getByTestId('tile-code'));
  const tabs = within(screen.getByRole('tablist'));
  for (const name of [
    'Python VideoCapture',
    'Python RTSPStreamClient',
    'curl',
    'FFmpeg',
    'JavaScript',
    'React',
  ]) {
    await user.click(tabs.getByRole('tab', { name }));
    const shown = screen.getByRole('tabpanel').querySelector('pre')?.textContent ?? '';
    expect(shown).toContain('door');
    expect(shown).toContain('http://127.0.0.1:8080');
    expect(shown).not.toMatch(/rtsp:|192\.168|\*\*\*/);
    await user.click(screen.getByTestId('code-copy'));
    expect(await navigator.clipboard.readText()).toBe(shown);
  }
});

test('a server that asks for a token has it said where, and sent by what a shell runs', async () => {
  const user = userEvent.setup();
  const backend = new FakeBackend([camera('door')]);
  backend.answers.set('GET /api/session', { required: true, signed_in: true });
  showApp(backend);
  await user.click(await screen.findByTestId('tile-menu-door'));
  await user.click(screen.getByTestId('tile-code'));
  expect(await screen.findByTestId('token-note')).toHaveTextContent(/Python finds it/);
  await user.click(screen.getByRole('tab', { name: 'curl' }));
  await user.click(screen.getByTestId('code-copy'));
  expect(await navigator.clipboard.readText()).toContain(
    '-H "Authorization: Bearer $FANLIGHT_TOKEN"',
  );
  await user.click(screen.getByTestId('token-copy'));
  expect(await navigator.clipboard.readText()).toMatch(/^export FANLIGHT_TOKEN=/);
});

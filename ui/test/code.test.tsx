// Code for a camera, from its menu.
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { camera, FakeBackend, showApp } from './fakes';

test('each tab copies what it shows, and none has the address of the camera', async () => {
  const user = userEvent.setup();
  showApp(new FakeBackend([camera('door')]));
  await user.click(await screen.findByTestId('tile-menu-door'));
  await user.click(screen.getByTestId('tile-code'));
  for (const name of [
    'Python VideoCapture',
    'Python RTSPStreamClient',
    'curl',
    'FFmpeg',
    'JavaScript',
  ]) {
    await user.click(screen.getByRole('tab', { name }));
    const shown = screen.getByRole('tabpanel').querySelector('pre')?.textContent ?? '';
    expect(shown).toContain('door');
    expect(shown).toContain('http://127.0.0.1:8080');
    expect(shown).not.toMatch(/rtsp:|192\.168|\*\*\*/);
    await user.click(screen.getByTestId('code-copy'));
    expect(await navigator.clipboard.readText()).toBe(shown);
  }
});

// Settings: saved as they are changed, refused beside where they stand, and nothing typed is lost.
import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { follow } from '../src/app/routes';
import {
  BackendError,
  type Desktop,
  type DesktopSettings,
  type DesktopSettingsPatch,
} from '../src/backend';
import { i18n } from '../src/i18n';
import { bytesOf, diagnosisName, gigabytes, originsOf, whole } from '../src/settings/numbers';
import { FakeBackend, showApp } from './fakes';

test.each([
  ['8080', 8080],
  ['0', null],
  ['65536', null],
  ['80x', null],
  ['', null],
  ['-1', null],
])('%j as a port is %j', (text, value) => {
  expect(whole(text, 1, 65535)).toBe(value);
});

test.each([
  ['50', 50e9],
  ['0,5', 5e8],
  ['1.25', 125e7],
  ['0', null],
  ['many', null],
])('%j gigabytes are %j bytes', (text, bytes) => {
  expect(bytesOf(text)).toBe(bytes);
  if (bytes !== null) expect(bytesOf(gigabytes(bytes))).toBe(bytes);
});

test('origins and file names', () => {
  expect(originsOf(' https://a.example\nhttps://b.example, https://c.example\n')).toEqual([
    'https://a.example',
    'https://b.example',
    'https://c.example',
  ]);
  expect(diagnosisName(new Date(2026, 0, 5, 8, 7))).toBe('fanlight-diagnosis-20260105-0807.zip');
});

const SETTINGS: DesktopSettings = {
  port: null,
  port_in_use: 8080,
  token_required: false,
  allowed_origins: [],
  start_at_login: false,
  start_hidden: false,
  close_to_tray: true,
  notifications: {
    enabled: true,
    down_longer_than_seconds: 60,
    cooldown_seconds: 900,
    quiet_from: null,
    quiet_to: null,
  },
  ffmpeg_path: null,
  secrets: 'keyring',
  tray: true,
  log_folder: '/home/me/.local/state/fanlight/log',
  data_folder: '/home/me/.config/fanlight',
};

/** The shell, which keeps what it is told unless it refuses. */
class Shell implements Desktop {
  now = SETTINGS;
  patches: DesktopSettingsPatch[] = [];
  refusal: Error | null = null;
  revealed: string[] = [];
  settings = async () => this.now;
  change = async (patch: DesktopSettingsPatch) => {
    this.patches.push(patch);
    if (this.refusal) throw this.refusal;
    this.now = { ...this.now, ...patch };
    return this.now;
  };
  reveal = async (path: string) => {
    this.revealed.push(path);
  };
  onNavigate = () => () => {};
}

beforeEach(() => window.history.replaceState(null, '', '#/settings'));
afterEach(() => i18n.changeLanguage('en'));

function inDesktop() {
  const backend = new FakeBackend();
  const shell = new Shell();
  backend.desktop = shell;
  showApp(backend);
  return { backend, shell, user: userEvent.setup() };
}

describe('in a browser', () => {
  test('theme and language change at once and are kept', async () => {
    const user = userEvent.setup();
    showApp(new FakeBackend());
    await user.selectOptions(await screen.findByTestId('settings-theme'), 'light');
    expect(document.documentElement.dataset.theme).toBe('light');
    await user.selectOptions(screen.getByTestId('settings-language'), 'Deutsch');
    expect(await screen.findByRole('heading', { level: 1, name: 'Einstellungen' })).toBeVisible();
    expect(document.documentElement.lang).toBe('de');
    expect(localStorage.getItem('fanlight.language')).toBe('de');
  });

  test('shows nothing that a browser cannot change', async () => {
    showApp(new FakeBackend());
    await screen.findByTestId('settings-theme');
    expect(screen.queryByRole('switch')).not.toBeInTheDocument();
    expect(screen.queryByTestId('settings-port')).not.toBeInTheDocument();
    expect(screen.queryByTestId('settings-folder')).not.toBeInTheDocument();
    expect(screen.queryByTestId('sign-out')).not.toBeInTheDocument();
  });

  test('recordings: what is refused stands at its field, and what was typed stays', async () => {
    const user = userEvent.setup();
    const backend = new FakeBackend();
    const path = '/api/settings/recordings';
    const recordings = {
      folder: '/var/lib/fanlight',
      quota_bytes: 50e9,
      free_bytes: 123.4e9,
      segment_seconds: 600,
      clip_seconds: 30,
    };
    backend.answers.set(`GET ${path}`, recordings);
    backend.answers.set(
      `PATCH ${path}`,
      new BackendError('this folder cannot be written', 'folder_unwritable', 422),
    );
    showApp(backend);
    const folder = await screen.findByTestId('settings-folder');
    await user.clear(folder);
    await user.type(folder, '/root{Enter}');
    await waitFor(() =>
      expect(folder).toHaveAccessibleDescription('This folder cannot be written.'),
    );
    expect(folder).toHaveValue('/root');
    await user.type(folder, '{Escape}');
    expect(folder).toHaveValue('/var/lib/fanlight');
    backend.answers.set(`PATCH ${path}`, { ...recordings, quota_bytes: 1.5e9 });
    const quota = screen.getByTestId('settings-quota');
    await user.clear(quota);
    await user.type(quota, '1,5');
    await user.tab();
    expect(await screen.findByText('Saved')).toBeInTheDocument();
    expect(backend.requests).toContainEqual([`PATCH ${path}`, { quota_bytes: 1.5e9 }]);
    expect(quota).toHaveValue('1.5');
  });

  test('a diagnosis is saved, and one that cannot be made says why', async () => {
    const user = userEvent.setup();
    const backend = new FakeBackend();
    showApp(backend);
    await user.click(await screen.findByTestId('diagnosis'));
    expect(backend.saved).toEqual([
      ['/api/diagnosis', expect.stringMatching(/^fanlight-diagnosis-\d{8}-\d{4}\.zip$/)],
    ]);
    backend.saveAs = async () => {
      throw new BackendError('the file cannot be made', 'internal', 500);
    };
    await user.click(screen.getByTestId('diagnosis'));
    expect(await screen.findByText(/file cannot be made/i)).toBeInTheDocument();
  });
});

describe('in the desktop app', () => {
  test('a switch is saved at once', async () => {
    const { shell, user } = inDesktop();
    const login = await screen.findByTestId('settings-start-at-login');
    await user.click(login);
    expect(shell.patches).toEqual([{ start_at_login: true }]);
    await waitFor(() => expect(login).toBeChecked());
  });

  test('a refused switch stays as it was, with the reason', async () => {
    const { shell, user } = inDesktop();
    shell.refusal = new BackendError('the system refuses', 'autostart', 0, 'start_at_login');
    const login = await screen.findByTestId('settings-start-at-login');
    await user.click(login);
    expect(await screen.findByRole('alert')).toHaveTextContent('The system refuses.');
    expect(login).not.toBeChecked();
    expect(login).toHaveAccessibleDescription('The system refuses.');
  });

  test('a port that is none is not sent; one that is taken is told at the field', async () => {
    const { shell, user } = inDesktop();
    const port = await screen.findByTestId('settings-port');
    await user.type(port, '70000{Enter}');
    expect(port).toHaveAccessibleDescription(/from 1 to 65535/);
    expect(shell.patches).toEqual([]);
    shell.refusal = new BackendError('port 80 is taken', 'port_taken', 0, 'port');
    await user.clear(port);
    await user.type(port, '80{Enter}');
    await waitFor(() => expect(port).toHaveAccessibleDescription('Port 80 is taken.'));
    expect(port).toHaveValue('80');
    shell.refusal = null;
    await user.clear(port);
    await user.type(port, '9000');
    await user.tab();
    await waitFor(() => expect(shell.patches.at(-1)).toEqual({ port: 9000 }));
  });

  test('leaving the page saves what is being typed', async () => {
    const { shell, user } = inDesktop();
    await user.type(await screen.findByTestId('settings-origins'), 'https://app.example');
    act(() => follow('#/'));
    await waitFor(() =>
      expect(shell.patches).toEqual([{ allowed_origins: ['https://app.example'] }]),
    );
  });

  test('quiet hours come and go together', async () => {
    const { shell, user } = inDesktop();
    await user.click(await screen.findByTestId('settings-quiet'));
    expect(shell.now.notifications).toMatchObject({ quiet_from: '22:00', quiet_to: '07:00' });
    expect(await screen.findByLabelText('Quiet from')).toHaveValue('22:00');
    await user.click(screen.getByTestId('settings-quiet'));
    expect(shell.now.notifications).toMatchObject({ quiet_from: null, quiet_to: null });
  });

  test('the language is told to the shell', async () => {
    const { shell, user } = inDesktop();
    await user.selectOptions(await screen.findByTestId('settings-language'), 'Deutsch');
    await waitFor(() => expect(shell.patches).toEqual([{ language: 'de' }]));
  });

  test('folders are shown by the shell', async () => {
    const { shell, user } = inDesktop();
    await user.click(await screen.findByRole('button', { name: 'Show the folder: Logs' }));
    expect(shell.revealed).toEqual([SETTINGS.log_folder]);
  });

  test('what the shell cannot tell is told', async () => {
    const backend = new FakeBackend();
    const shell = new Shell();
    shell.settings = async () => {
      throw new BackendError('the settings cannot be read', 'io', 0);
    };
    backend.desktop = shell;
    showApp(backend);
    const page = within(await screen.findByRole('main'));
    expect(await page.findByText('The settings cannot be read.')).toBeInTheDocument();
  });
});

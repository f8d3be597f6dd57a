// The page in front of a server with a token, and the way back.
import { act, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { currentRoute } from '../src/app/routes';
import { BackendError } from '../src/backend';
import { HttpBackend } from '../src/backend/http';
import { camera, FakeBackend, showApp } from './fakes';

const SESSION = 'GET /api/session';

function guarded(hash: string) {
  window.history.replaceState(null, '', hash);
  const backend = new FakeBackend([camera('door')]);
  backend.answers.set(SESSION, { required: true, signed_in: false });
  return backend;
}

test('a refusal anywhere leads to the page, and the token back to where one was', async () => {
  const user = userEvent.setup();
  const backend = guarded('#/events?camera=door');
  showApp(backend);
  await screen.findByRole('heading', { level: 1, name: 'Events' });
  act(() => backend.refuse?.());
  const token = await screen.findByTestId('sign-in-token');
  expect(token).toHaveFocus();
  expect(token).toHaveAttribute('type', 'password');
  expect(currentRoute()).toEqual({ page: 'sign-in', back: '#/events?camera=door' });
  expect(screen.queryByRole('navigation')).not.toBeInTheDocument();
  backend.answers.set('POST /api/session', null);
  await user.type(token, ' secret {Enter}');
  await waitFor(() => expect(currentRoute()).toEqual({ page: 'events', camera: 'door' }));
  expect(backend.requests).toContainEqual(['POST /api/session', { token: 'secret' }]);
  expect(await screen.findByRole('heading', { level: 1, name: 'Events' })).toBeInTheDocument();
});

test('a wrong token is told at the field, and stays to be mended', async () => {
  const user = userEvent.setup();
  const backend = guarded('#/sign-in');
  backend.answers.set(
    'POST /api/session',
    new BackendError("this token is not the server's", 'token_refused', 401),
  );
  showApp(backend);
  const token = await screen.findByTestId('sign-in-token');
  await user.click(screen.getByTestId('sign-in-submit'));
  expect(token).toHaveAccessibleDescription(/Paste the token first/);
  await user.type(token, 'wrong');
  await user.click(screen.getByTestId('sign-in-submit'));
  await waitFor(() => expect(token).toHaveAccessibleDescription("This token is not the server's."));
  expect(token).toHaveValue('wrong');
  expect(screen.getByTestId('sign-in-submit')).toBeEnabled();
});

test('whoever needs no token is sent on', async () => {
  const backend = guarded('#/sign-in?back=%23%2Fhealth');
  backend.answers.set(SESSION, { required: false, signed_in: true });
  showApp(backend);
  await waitFor(() => expect(currentRoute()).toEqual({ page: 'health' }));
});

test('signing out leads to the page', async () => {
  const user = userEvent.setup();
  const backend = guarded('#/settings');
  backend.answers.set(SESSION, { required: true, signed_in: true });
  backend.answers.set('DELETE /api/session', null);
  showApp(backend);
  const out = await screen.findByTestId('sign-out');
  backend.answers.set(SESSION, { required: true, signed_in: false });
  await user.click(out);
  expect(await screen.findByTestId('sign-in-token')).toBeInTheDocument();
  expect(currentRoute()).toEqual({ page: 'sign-in' });
});

describe('the backend in a browser', () => {
  const told = vi.fn();
  beforeEach(() => told.mockReset());

  const answering401 = () => {
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => new Response('{"code":"token_required","error":"no"}', { status: 401 })),
    );
    const backend = new HttpBackend('http://h');
    const end = backend.onSignInNeeded(told);
    return { backend, end };
  };

  test('tells of a refused call and of a refused file', async () => {
    const { backend, end } = answering401();
    await expect(backend.listStreams()).rejects.toMatchObject({ status: 401 });
    await expect(backend.saveAs('/api/cameras/export', 'cameras.json')).rejects.toMatchObject({
      status: 401,
    });
    expect(told).toHaveBeenCalledTimes(2);
    end();
    await expect(backend.listStreams()).rejects.toMatchObject({ status: 401 });
    expect(told).toHaveBeenCalledTimes(2);
  });

  test('a wrong token is no reason to go to the page one is on', async () => {
    const { backend } = answering401();
    const signingIn = backend.request('POST', '/api/session', { token: 'wrong' });
    await expect(signingIn).rejects.toMatchObject({ status: 401 });
    expect(told).not.toHaveBeenCalled();
  });
});

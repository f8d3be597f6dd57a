// Choosing a maker, testing a camera, and the settings that go with it.
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { BackendError } from '../src/backend';
import { FakeBackend, showApp } from './fakes';

async function openAdd(backend: FakeBackend, address: string) {
  const user = userEvent.setup();
  showApp(backend);
  await user.click(await screen.findByTestId('add-open'));
  await user.click(screen.getByTestId('add-url'));
  await user.paste(address);
  return user;
}

test('the maker fills in both streams, with the sign-in', async () => {
  const backend = new FakeBackend();
  const user = await openAdd(backend, 'rtsp://viewer:p@ss@192.0.2.7');
  await user.selectOptions(screen.getByTestId('add-brand'), 'hikvision');
  await user.clear(screen.getByTestId('add-channel'));
  await user.type(screen.getByTestId('add-channel'), '3');
  expect(screen.getByTestId('add-url')).toHaveValue('rtsp://192.0.2.7/Streaming/Channels/301');
  await user.selectOptions(screen.getByTestId('add-transport'), 'udp');
  await user.click(screen.getByTestId('add-submit'));
  expect(backend.added).toEqual([
    {
      stream_id: '192-0-2-7',
      name: '192.0.2.7',
      rtsp_url: 'rtsp://viewer:p%40ss@192.0.2.7/Streaming/Channels/301',
      substream_url: 'rtsp://viewer:p%40ss@192.0.2.7/Streaming/Channels/302',
      transport: 'udp',
    },
  ]);
});

test('an address with a path is not asked for its maker', async () => {
  await openAdd(new FakeBackend(), 'rtsp://192.0.2.7/live');
  expect(screen.queryByTestId('add-brand')).not.toBeInTheDocument();
});

test('a test shows the picture, the facts and what to do about warnings', async () => {
  const backend = new FakeBackend();
  backend.answers.set('POST /api/probe', {
    video: { codec: 'h265', width: 2560, height: 1440, fps: 25, bitrate_kbps: 4012.3 },
    profile: 'Main',
    b_frames: false,
    gop: 50,
    audio: 'pcma',
    picture: 'data:image/jpeg;base64,AAAA',
    warnings: [{ code: 'h265', message: 'h265' }],
  });
  const user = await openAdd(backend, 'rtsp://192.0.2.7/live');
  await user.click(screen.getByTestId('add-test'));
  expect(await screen.findByRole('img', { name: /taken just now/ })).toBeInTheDocument();
  expect(screen.getByTestId('probe')).toHaveTextContent(/H\.265.*2560 × 1440.*4 Mbit\/s.*pcma/);
  expect(screen.getByTestId('probe-warning-h265')).toHaveTextContent(/choose that/);
  expect(backend.added).toEqual([]);
});

test.each([
  ['auth_failed', 'add-user', /Type both again/],
  ['camera_not_found', 'add-url', /Check the path/],
  ['not_rtsp', 'add-url', /Check the port/],
  ['something_new', 'add-url', /could not be tested.*server's words/],
])('%s says what to try and goes to %s', async (code, field, words) => {
  const backend = new FakeBackend();
  backend.answers.set('POST /api/probe', new BackendError("the server's words", code, 503));
  const user = await openAdd(backend, 'rtsp://192.0.2.7/live');
  await user.click(screen.getByTestId('add-test'));
  expect(await screen.findByTestId('probe')).toHaveAttribute('data-state', 'failed');
  expect(screen.getByTestId('probe').textContent?.toLowerCase()).toMatch(
    new RegExp(words.source.toLowerCase()),
  );
  expect(screen.getByTestId(field)).toHaveFocus();
});

test('a wrong password is typed again, and the user stays', async () => {
  const backend = new FakeBackend();
  backend.answers.set('POST /api/probe', new BackendError('refused', 'auth_failed', 502));
  const user = await openAdd(backend, 'rtsp://admin:wrong@192.0.2.7/live');
  await user.click(screen.getByTestId('add-test'));
  await screen.findByText(/Type both again/);
  expect(screen.getByTestId('add-user')).toHaveValue('admin');
  expect(screen.getByTestId('add-password')).toHaveFocus();
});

test('a camera without such a stream is asked for its maker, who fills in another', async () => {
  const backend = new FakeBackend();
  backend.answers.set('POST /api/probe', new BackendError('no such path', 'camera_not_found', 404));
  const user = await openAdd(backend, 'rtsp://192.0.2.7/live');
  await user.click(screen.getByTestId('add-test'));
  await user.selectOptions(await screen.findByTestId('add-brand'), 'tapo');
  expect(screen.getByTestId('add-url')).toHaveValue('rtsp://192.0.2.7/stream1');
  await user.selectOptions(screen.getByTestId('add-brand'), '');
  expect(screen.getByTestId('add-url')).toHaveValue('rtsp://192.0.2.7/live');
  await user.tripleClick(screen.getByTestId('add-url'));
  await user.paste('rtsp://192.0.2.8/live');
  expect(screen.queryByTestId('add-brand')).not.toBeInTheDocument();
  await user.click(screen.getByTestId('add-test'));
  await screen.findByTestId('add-brand');
  await user.type(screen.getByTestId('add-url'), '2');
  expect(screen.queryByTestId('add-brand')).not.toBeInTheDocument();
});

test('a running test can be stopped, and a late answer is not shown', async () => {
  const backend = new FakeBackend();
  let answer: (probe: unknown) => void = () => {};
  backend.answers.set('POST /api/probe', new Promise((done) => (answer = done)));
  const user = await openAdd(backend, 'rtsp://192.0.2.7/live');
  await user.click(screen.getByTestId('add-test'));
  await user.click(await screen.findByTestId('probe-cancel'));
  answer({});
  expect(screen.getByTestId('probe')).toHaveAttribute('data-state', 'idle');
});

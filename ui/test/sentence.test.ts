import { expect, test } from 'vitest';
import { sentence } from '../src/lib/sentence';

test.each([
  ['nothing listens at this address; check it', 'Nothing listens at this address; check it.'],
  ['Fanlight opens rtsp cameras.', 'Fanlight opens rtsp cameras.'],
  ['rtsp://cam is not there', 'rtsp://cam is not there.'],
  ['is it on?', 'Is it on?'],
  ['', ''],
])('%s', (clause, said) => {
  expect(sentence(clause)).toBe(said);
});

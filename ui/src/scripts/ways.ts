// The languages a camera can be read from, and the steps of each.
import {
  cppSnippet,
  curlSnippet,
  ffmpegSnippet,
  jsSnippet,
  pythonLoop,
  reactSnippet,
  type TokenFrom,
  videoCaptureSnippet,
} from '../cameras/snippets';

/** `GET /api/clients`: paths on the server, null for what it does not have. */
export interface Clients {
  python: string | null;
  javascript: string | null;
}

interface Install {
  command: (apiUrl: string, clients: Clients) => string;
  note: 'python' | 'opencv' | 'cpp' | 'web';
  /** Which of ours it is, if any. */
  ours?: keyof Clients;
}

export interface Way {
  id: 'python' | 'opencv' | 'cpp' | 'curl' | 'ffmpeg' | 'javascript' | 'react';
  name: string;
  tokenFrom: TokenFrom;
  /** What puts the library there, and the text `scripts.installNote.ID` about it. */
  install: Install | null;
  make: (apiUrl: string, streamId: string, token: boolean) => string;
  /** Where to put the code, null when it is a command. */
  file: string | null;
  run: string | null;
  /** The program is a web page. */
  page: boolean;
}

/** Where this Fanlight has its client libraries; from a folder of its sources where it has none. */
export const pip = (apiUrl: string, { python }: Clients) =>
  `pip install ${python ? `${apiUrl}${python}` : './clients/python'}`;
/** The same with the command `fanlight`. */
export const pipCli = (apiUrl: string, { python }: Clients) =>
  `pip install '${python ? `fanlight[cli] @ ${apiUrl}${python}` : './clients/python[cli]'}'`;
const npm = (apiUrl: string, { javascript }: Clients) =>
  `npm install ${javascript ? `${apiUrl}${javascript}` : './clients/js'}`;
const NPM = { command: npm, note: 'web', ours: 'javascript' } as const;

export const WAYS: readonly Way[] = [
  {
    id: 'python',
    name: 'Python',
    tokenFrom: 'itself',
    install: { command: pip, note: 'python', ours: 'python' },
    make: pythonLoop,
    file: 'camera.py',
    run: 'python3 camera.py',
    page: false,
  },
  {
    id: 'opencv',
    name: 'Python VideoCapture',
    tokenFrom: 'itself',
    install: { command: pip, note: 'opencv', ours: 'python' },
    make: videoCaptureSnippet,
    file: 'camera.py',
    run: 'python3 camera.py',
    page: false,
  },
  {
    id: 'cpp',
    name: 'C++',
    tokenFrom: 'shell',
    install: { command: () => 'sudo apt install g++ pkg-config libopencv-dev', note: 'cpp' },
    make: cppSnippet,
    file: 'camera.cpp',
    run: 'g++ camera.cpp $(pkg-config --cflags --libs opencv4) -o camera && ./camera',
    page: false,
  },
  {
    id: 'curl',
    name: 'curl',
    tokenFrom: 'shell',
    install: null,
    make: curlSnippet,
    file: null,
    run: null,
    page: false,
  },
  {
    id: 'ffmpeg',
    name: 'FFmpeg',
    tokenFrom: 'shell',
    install: null,
    make: ffmpegSnippet,
    file: null,
    run: null,
    page: false,
  },
  {
    id: 'javascript',
    name: 'JavaScript',
    tokenFrom: 'page',
    install: NPM,
    make: jsSnippet,
    file: null,
    run: null,
    page: true,
  },
  {
    id: 'react',
    name: 'React',
    tokenFrom: 'page',
    install: NPM,
    make: reactSnippet,
    file: 'App.jsx',
    run: null,
    page: true,
  },
];

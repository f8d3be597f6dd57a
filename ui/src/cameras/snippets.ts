// Ready code that reads one camera, for the clipboard. Never contains the camera's own
// address, and so no password: scripts go through Fanlight. Nor does it contain the token:
// Python finds it by itself, a shell has it in FANLIGHT_TOKEN. One side of the size is given where
// the stream's own would not have the camera's shape.

/** Puts the token of a server on this machine where the snippets look for it. */
export const TOKEN_LINE = 'export FANLIGHT_TOKEN="$(cat "$XDG_RUNTIME_DIR/fanlight/token")"';

const HEADER = '"Authorization: Bearer $FANLIGHT_TOKEN"';

export function pythonSnippet(apiUrl: string, streamId: string): string {
  return `from fanlight import RTSPStreamClient

with RTSPStreamClient("${apiUrl}", "${streamId}", size=(640, None)) as camera:
    camera.start_receiving()
    frame = camera.get_frame(timeout=5)  # numpy array (height, width, 3), BGR
    if frame is not None:
        print(frame.shape)
`;
}

/** Reads until it is ended, so that one can watch it read. */
export function pythonLoop(apiUrl: string, streamId: string): string {
  return `from fanlight import RTSPStreamClient

with RTSPStreamClient("${apiUrl}", "${streamId}", size=(640, None)) as camera:
    for frame in camera.frames():  # numpy arrays (height, width, 3), BGR
        print(frame.sequence, frame.shape, f"{1000 * frame.age:.0f} ms old")
`;
}

export function curlSnippet(apiUrl: string, streamId: string, token = false): string {
  const header = token ? `-H ${HEADER} ` : '';
  return `curl ${header}-o ${streamId}.jpg "${apiUrl}/api/streams/${streamId}/frame?format=jpeg&width=640"`;
}

export function ffmpegSnippet(apiUrl: string, streamId: string, token = false): string {
  const headers = token ? `-headers ${HEADER} ` : '';
  return `ffmpeg ${headers}-i "${apiUrl}/api/streams/${streamId}/mjpeg" -t 10 ${streamId}.mp4`;
}

export function jsSnippet(apiUrl: string, streamId: string, token = false): string {
  const options = token
    ? "format: 'auto', width: 640, token: 'the token'"
    : "format: 'auto', width: 640";
  return `import { RTSPStreamClient } from 'fanlight-client';

const client = new RTSPStreamClient('${apiUrl}', '${streamId}', { ${options} });
client.setupCanvas(document.querySelector('canvas'));
client.onError((message) => console.error(message));
client.connect();
`;
}

export function reactSnippet(apiUrl: string, streamId: string, token = false): string {
  const given = token ? '\n      token="the token"' : '';
  return `import { RTSPStreamViewer } from 'fanlight-client/react';

export default function App() {
  return (
    <RTSPStreamViewer
      serverUrl="${apiUrl}"
      streamId="${streamId}"${given}
      autoStart
    />
  );
}
`;
}

export function videoCaptureSnippet(apiUrl: string, streamId: string): string {
  return `import os

os.environ["FANLIGHT_URL"] = "${apiUrl}"

from fanlight import VideoCapture

capture = VideoCapture("fanlight:${streamId}")
ok, frame = capture.read()  # as OpenCV's
if ok:
    print(frame.shape)
capture.release()
`;
}

/** Any OpenCV reads Motion JPEG; its FFmpeg takes the header from the environment. */
export function cppSnippet(apiUrl: string, streamId: string, token = false): string {
  const authorise = token
    ? `
  const std::string token = std::getenv("FANLIGHT_TOKEN");
  setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", ("headers;Authorization: Bearer " + token).c_str(), 1);`
    : '';
  return `#include <cstdlib>
#include <iostream>
#include <opencv2/videoio.hpp>

int main() {${authorise}
  cv::VideoCapture capture("${apiUrl}/api/streams/${streamId}/mjpeg", cv::CAP_FFMPEG);
  cv::Mat frame;
  while (capture.read(frame)) std::cout << frame.size() << std::endl;
}
`;
}

/** How the snippets get a token: by themselves, from the shell, or written into the page. */
export type TokenFrom = 'itself' | 'shell' | 'page';

export interface Snippet {
  /** Becomes part of ids in the page, which must not hold spaces. */
  id: string;
  name: string;
  tokenFrom: TokenFrom;
  make: (apiUrl: string, streamId: string, token?: boolean) => string;
}

export const SNIPPETS: readonly Snippet[] = [
  {
    id: 'video-capture',
    name: 'Python VideoCapture',
    tokenFrom: 'itself',
    make: videoCaptureSnippet,
  },
  { id: 'python', name: 'Python RTSPStreamClient', tokenFrom: 'itself', make: pythonSnippet },
  { id: 'curl', name: 'curl', tokenFrom: 'shell', make: curlSnippet },
  { id: 'ffmpeg', name: 'FFmpeg', tokenFrom: 'shell', make: ffmpegSnippet },
  { id: 'javascript', name: 'JavaScript', tokenFrom: 'page', make: jsSnippet },
  { id: 'react', name: 'React', tokenFrom: 'page', make: reactSnippet },
];

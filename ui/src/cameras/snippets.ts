// Ready code that reads one camera, for the clipboard. Never contains the camera's own
// address, and so no password: scripts go through Fanlight.

export function pythonSnippet(apiUrl: string, streamId: string): string {
  return `from fanlight import RTSPStreamClient

with RTSPStreamClient("${apiUrl}", "${streamId}") as camera:
    camera.start_receiving()
    frame = camera.get_frame(timeout=5)  # numpy array (height, width, 3), BGR
    if frame is not None:
        print(frame.shape)
`;
}

export function curlSnippet(apiUrl: string, streamId: string): string {
  return `curl -o ${streamId}.jpg "${apiUrl}/api/streams/${streamId}/frame?format=jpeg"`;
}

export function ffmpegSnippet(apiUrl: string, streamId: string): string {
  return `ffmpeg -i "${apiUrl}/api/streams/${streamId}/mjpeg" -t 10 ${streamId}.mp4`;
}

export function jsSnippet(apiUrl: string, streamId: string): string {
  return `import { RTSPStreamClient } from 'fanlight-client';

const client = new RTSPStreamClient('${apiUrl}', '${streamId}', { format: 'auto' });
client.setupCanvas(document.querySelector('canvas'));
client.onError((message) => console.error(message));
client.connect();
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

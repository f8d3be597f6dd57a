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

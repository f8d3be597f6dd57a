"""The rig: real RTSP cameras and real servers, on loopback, for tests and for the bench.

clip.py         what a camera sends, encoded once          code_blocks.py  the number painted into each picture
camsim/         the cameras' own process (GStreamer)       camera.py       cameras as a test sees them
stand_in.py     FFmpegs that misbehave
server.py       a fanlight-server under test               http.py         raw requests, hostile ones too
wire.py         the network to a camera, with its faults   pictures.py     the numbers that a stream shows
processes.py    CPU, children, ends                        waiting.py      eventually(...)
readers.py      readers in processes of their own          plugin.py       all of it as pytest fixtures
"""

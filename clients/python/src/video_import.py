"""The module name that scripts of earlier servers import: `from video_import import VideoCapture`."""

from fanlight import VideoCapture

__all__ = ["VideoCapture"]

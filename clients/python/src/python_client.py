"""The module name that scripts of earlier servers import: `from python_client import RTSPStreamClient`."""

from fanlight import RTSPStreamClient

__all__ = ["RTSPStreamClient"]

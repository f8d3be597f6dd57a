"""What a script's surroundings tell: where the server is, and the token that it may ask for."""

from __future__ import annotations

import logging
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from fanlight._protocol import Address

#: Where the server is, unless the environment variable FANLIGHT_URL says otherwise.
DEFAULT_SERVER = "http://127.0.0.1:8080"

_log = logging.getLogger("fanlight")


def server_url() -> str:
    """The server to use when none is named: FANLIGHT_URL, else the usual address on this machine."""
    return os.environ.get("FANLIGHT_URL") or DEFAULT_SERVER


def token_file(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path | None:
    """Where a server on this machine leaves its token; None where the surroundings do not tell.

    It is in the user's runtime directory, on systems that have none in the user's local data.
    """
    home, local = environment.get("HOME"), environment.get("LOCALAPPDATA")
    if platform == "win32":
        return Path(local, "fanlight", "data", "token") if local else None
    if platform == "darwin":
        return Path(home, "Library", "Application Support", "fanlight", "token") if home else None
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime):
        return Path(runtime, "fanlight", "token")
    data = environment.get("XDG_DATA_HOME", "")
    if os.path.isabs(data):
        return Path(data, "fanlight", "token")
    return Path(home, ".local", "share", "fanlight", "token") if home else None


def token(address: Address) -> str | None:
    """The token for a server: FANLIGHT_TOKEN, else the file that a server on this machine left.

    The file is told to servers on this machine only, and taken only when it is the user's own and
    nobody else can read it.
    """
    told = os.environ.get("FANLIGHT_TOKEN", "").strip()
    if told:
        return told
    file = token_file()
    if file is None or not address.is_loopback:
        return None
    try:
        with file.open(encoding="ascii") as opened:
            found = os.fstat(opened.fileno())
            if os.name == "posix" and (found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077):
                _log.warning("%s is not read: it must belong to you, with mode 0600", file)
                return None
            return opened.read(4096).strip() or None
    except (OSError, ValueError):
        return None

"""A real keyring on a session bus of its own: GNOME's, with a password that nobody has to type."""

import os
import subprocess
from pathlib import Path

from rig.waiting import eventually


class Keyring:
    """Its secrets stay over a lock, as they do when a person signs out."""

    def __init__(self, home: Path) -> None:
        self._home = home
        (home / "run").mkdir(mode=0o700, parents=True)
        self._bus: subprocess.Popen[str] | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        self.address = ""

    def __enter__(self) -> "Keyring":
        # Its own folder of services is empty: nothing is started by being asked for.
        config = self._home / "bus.conf"
        config.write_text(
            '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" '
            '"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">'
            f"<busconfig><type>session</type><listen>unix:dir={self._home / 'run'}</listen>"
            '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>'
            '<allow own="*"/></policy></busconfig>'
        )
        command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"]
        self._bus = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._bus.stdout is not None
        self.address = self._bus.stdout.readline().strip()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._bus is not None:
            self._bus.terminate()
            self._bus.wait(5)

    @property
    def environment(self) -> dict[str, str]:
        return {"DBUS_SESSION_BUS_ADDRESS": self.address, "FANLIGHT_KEYRING": "on"}

    def open(self) -> None:
        """Start it unlocked; the first time it is made with this password."""
        self._start("--unlock", password=b"a long password")

    def lock(self) -> None:
        """Start it locked. To open it a dialog would be needed, which nobody shows here."""
        self._start()

    def close(self) -> None:
        if self._daemon is not None:
            self._daemon.terminate()
            self._daemon.wait(5)
            self._daemon = None

    def files(self) -> bytes:
        """All that it has on disk."""
        return b"".join(file.read_bytes() for file in self._home.rglob("*.keyring"))

    def _start(self, *arguments: str, password: bytes | None = None) -> None:
        self.close()
        folders = {"HOME": "", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config", "XDG_RUNTIME_DIR": "run"}
        environment = os.environ | {name: str(self._home / folder) for name, folder in folders.items()}
        environment["DBUS_SESSION_BUS_ADDRESS"] = self.address
        command = ["gnome-keyring-daemon", "--foreground", "--components=secrets", *arguments]
        self._daemon = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        )
        assert self._daemon.stdin is not None
        self._daemon.stdin.write(password or b"")
        self._daemon.stdin.close()
        eventually(self._is_there, within=10)

    def _is_there(self) -> bool:
        asked = ["dbus-send", f"--bus={self.address}", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/"]
        asked += ["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"]
        answer = subprocess.run(asked, capture_output=True, text=True)
        return "true" in answer.stdout

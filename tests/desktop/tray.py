"""A desktop's tray, reduced to the bus: it takes icons in, and chooses from their menus."""

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from dbus_next import BusType, Message, MessageType, Variant
from dbus_next.aio import MessageBus
from dbus_next.constants import PropertyAccess
from dbus_next.service import ServiceInterface, dbus_property, method

from rig.waiting import eventually

T = TypeVar("T")

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
REGISTER = "RegisterStatusNotifierItem"


class Watcher(ServiceInterface):
    """Tells applications that there is a tray."""

    def __init__(self) -> None:
        super().__init__(WATCHER)

    @method(name=REGISTER)
    def register_item(self, service: "s"):  # noqa: F821
        """Who asks is read from the message itself, see `Tray`."""

    @method(name="RegisterStatusNotifierHost")
    def register_host(self, service: "s"):  # noqa: F821
        """We are the host."""

    @dbus_property(access=PropertyAccess.READ, name="IsStatusNotifierHostRegistered")
    def has_host(self) -> "b":  # noqa: F821
        return True

    @dbus_property(access=PropertyAccess.READ, name="RegisteredStatusNotifierItems")
    def items(self) -> "as":  # noqa: F722
        return []

    @dbus_property(access=PropertyAccess.READ, name="ProtocolVersion")
    def version(self) -> "i":  # noqa: F821
        return 0


class Tray:
    """Stands on the session bus from entering to leaving."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._bus: Any = None
        #: The icons: who owns them, and where.
        self.icons: list[tuple[str, str]] = []

    def __enter__(self) -> "Tray":
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._bus.disconnect()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def wait_icon(self, within: float = 15.0) -> None:
        eventually(lambda: self.icons, within)

    def labels(self) -> list[str]:
        """What the newest icon's menu offers."""
        return list(self._entries())

    def choose(self, label: str) -> None:
        """Click on an entry of the newest icon's menu."""
        owner, path = self._menu()
        entry = self._entries()[label]
        self._call(owner, path, MENU, "Event", "isvu", [entry, "clicked", Variant("s", ""), 0])

    def ticked(self, label: str) -> bool:
        """Whether an entry that can be ticked is."""
        return self._properties()[label]["toggle-state"].value == 1

    def entry_numbers(self) -> list[int]:
        """By which a menu that is open knows its entries."""
        return list(self._entries().values())

    def icon(self) -> bytes:
        """The newest icon's picture, a PNG."""
        owner, path = self.icons[-1]
        answer = self._call(owner, path, "org.freedesktop.DBus.Properties", "Get", "ss", [ITEM, "IconName"])
        return Path(answer[0].value).read_bytes()

    def _menu(self) -> tuple[str, str]:
        owner, path = self.icons[-1]
        answer = self._call(owner, path, "org.freedesktop.DBus.Properties", "Get", "ss", [ITEM, "Menu"])
        return owner, answer[0].value

    def _entries(self) -> dict[str, int]:
        return {entry[1]["label"].value: entry[0] for entry in self._children() if "label" in entry[1]}

    def _properties(self) -> dict[str, Any]:
        return {entry[1]["label"].value: entry[1] for entry in self._children() if "label" in entry[1]}

    def _children(self) -> list[Any]:
        owner, path = self._menu()
        _, (_, _, children) = self._call(owner, path, MENU, "GetLayout", "iias", [0, -1, []])
        return [child.value for child in children]

    def _call(self, owner: str, path: str, interface: str, member: str, signature: str, body: list[Any]) -> list[Any]:
        message = Message(
            destination=owner, path=path, interface=interface, member=member, signature=signature, body=body
        )
        answer = self._run(self._bus.call(message))
        assert answer.message_type is MessageType.METHOD_RETURN, answer.body
        return answer.body

    async def _open(self) -> None:
        self._bus = await MessageBus(bus_type=BusType.SESSION).connect()
        self._bus.add_message_handler(self._note)
        self._bus.export("/StatusNotifierWatcher", Watcher())
        await self._bus.request_name(WATCHER)

    def _note(self, message: Message) -> None:
        """An icon comes as a path of whoever sends it, or as a name with the usual path."""
        if message.member == REGISTER and message.interface == WATCHER:
            told = message.body[0]
            self.icons.append((message.sender, told) if told.startswith("/") else (told, "/StatusNotifierItem"))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

"""A desktop's notifications, reduced to the bus: it keeps what it is told."""

import asyncio
import threading
from typing import Any

from dbus_next import BusType
from dbus_next.aio import MessageBus
from dbus_next.service import ServiceInterface, method

NAME = "org.freedesktop.Notifications"


class Service(ServiceInterface):
    """Takes notifications, and shows none."""

    def __init__(self, told: list[tuple[str, str]]) -> None:
        super().__init__(NAME)
        self._told = told

    @method(name="Notify")
    def notify(
        self,
        app: "s",  # noqa: F821
        replaces: "u",  # noqa: F821
        icon: "s",  # noqa: F821
        title: "s",  # noqa: F821
        text: "s",  # noqa: F821
        actions: "as",  # noqa: F722
        hints: "a{sv}",  # noqa: F722
        expires: "i",  # noqa: F821
    ) -> "u":  # noqa: F821
        self._told.append((title, text))
        return len(self._told)


class Notifications:
    """Stands on the session bus from entering to leaving."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._bus: Any = None
        #: Titles and texts, in order.
        self.told: list[tuple[str, str]] = []

    def __enter__(self) -> "Notifications":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._bus.disconnect()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _open(self) -> None:
        self._bus = await MessageBus(bus_type=BusType.SESSION).connect()
        self._bus.export("/org/freedesktop/Notifications", Service(self.told))
        await self._bus.request_name(NAME)

"""A server that responds only after another task of the event loop has run."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import hostile


async def order_of(use: Callable[[hostile.Server], Awaitable[object]]) -> list[str]:
    """Who was done first, if `use` asks this server: if it blocks the loop, the server gives up in the end."""
    asked, other_ran = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    order: list[str] = []

    def behave(connection: hostile.Connection) -> None:
        connection.request()
        loop.call_soon_threadsafe(asked.set)
        assert other_ran.wait(hostile.DEADLINE)
        order.append("the server")
        connection.send(hostile.response(hostile.TOKENS))

    async def other() -> None:
        await asked.wait()
        order.append("the other task")
        other_ran.set()

    with hostile.Server(behave) as server:
        await asyncio.gather(use(server), other())
    return order

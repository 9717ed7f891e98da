"""Hundreds of clients in one thread: with open connections, and slow ones."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Sequence
from contextlib import suppress

SLOW = 200
LOST = float("inf")  # the time of a failed request
failures: Counter[str] = Counter()  # by error


def get(path: str, token: str = "") -> bytes:
    said = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{said}\r\n".encode()


async def one_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> float:
    began = time.perf_counter()
    writer.write(request)
    response = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert response.startswith(b"HTTP/1.1 200"), response
    length = re.search(rb"(?i)content-length: (\d+)", response)
    await (reader.readexactly(int(length[1])) if length else reader.readuntil(b"0\r\n\r\n"))
    return time.perf_counter() - began


async def client(port: int, request: bytes, count: int, pause: float, wait: float) -> list[float]:
    """The times in seconds of `count` requests on one connection, started `pause` seconds apart."""
    times: list[float] = []
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(wait)
        for _ in range(count):
            times.append(await one_request(reader, writer, request))
            await asyncio.sleep(max(0, pause - times[-1]))
        writer.close()
    except (OSError, AssertionError, TimeoutError, asyncio.IncompleteReadError) as error:
        failures[repr(error)[:100]] += 1
        times += [LOST] * (count - len(times))
    return times


async def crowd(port: int, requests: Sequence[bytes], clients: int, rate: int, seconds: int) -> list[float]:
    """`clients` open connections with `rate` requests a second among them."""
    pause = clients / rate
    count = max(1, int(seconds / pause))
    each = [client(port, requests[n % len(requests)], count, pause, pause * n / clients) for n in range(clients)]
    return [taken for times in await asyncio.gather(*each) for taken in times]


async def slow_client(port: int, head: bytes) -> None:
    """Send a request with one byte per second; repeat it when the connection is closed, until canceled."""
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head)
            while not writer.is_closing():
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(1)
        await asyncio.sleep(1)


async def among_slow_ones(port: int, others: Awaitable[list[float]], token: str = "") -> list[float]:
    """The results of `others` while there are slow clients, with headers and with bodies."""
    said = f"Authorization: Bearer {token}\r\n" if token else ""
    heads = [
        f"GET /healthz HTTP/1.1\r\nHost: localhost\r\n{said}X-Slow: ",
        f"POST /api/v1/tasks/ HTTP/1.1\r\nHost: localhost\r\n{said}Content-Length: 500\r\n\r\n",
    ]
    slow = [asyncio.create_task(slow_client(port, heads[n % 2].encode())) for n in range(SLOW)]
    await asyncio.sleep(2)
    times = await others
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    return times


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]

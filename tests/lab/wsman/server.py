"""The listeners: one address a host, closed while the host is down."""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from .connection import Connection, reset
from .security import Authority
from .service import Service

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
WATCH = 0.1
SWEEP = 1.0
HEAD_LIMIT = 64 * 1024


class Host:
    """One host on its address."""

    def __init__(self, service: Service, address: str, port: int) -> None:
        self.service = service
        self.address = address
        self.port = port
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def watch(self) -> None:
        """Open or close the listener as the machine comes and goes. What was connected to it is cut off."""
        if self.service.listens and self._server is None:
            self._server = await asyncio.start_server(
                self._accept, self.address, self.port, limit=HEAD_LIMIT, backlog=128
            )
        elif not self.service.listens and self._server is not None:
            await self.close()

    async def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for task, writer in list(self._open.items()):
            reset(writer)
            task.cancel()
        if self._open:
            await asyncio.gather(*self._open, return_exceptions=True)
        await self.service.sweep(everything=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        if not self.service.listens or not peer or ipaddress.ip_address(peer[0]) not in LOOPBACK:
            reset(writer)
            return
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        try:
            await Connection(self.service, reader, writer).serve()
        finally:
            self._open.pop(task, None)


class Server:
    """Every host's WS-Man server, in a thread of its own. `close()` ends it."""

    def __init__(self, world: Any, engine: Any, host_addresses: Mapping[str, str], port: int) -> None:
        self.port = port
        self.hosts: dict[str, Host] = {}
        self._authority = Authority(world, host_addresses)
        self._scribe = ThreadPoolExecutor(1, thread_name_prefix="wsman-record")
        for name, address in host_addresses.items():
            if ipaddress.ip_address(address) not in LOOPBACK:
                raise ValueError(f"{name}: {address} is not a loopback address")
            service = Service(world, world.machines[name], engine, self._authority, self._scribe)
            self.hosts[name] = Host(service, address, port)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._main, name="wsman", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._errors:
            self._thread.join()
            raise self._errors[0]

    def close(self) -> None:
        """End every connection and shell, write what is due, stop listening."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:
            self._errors.append(error)
        finally:
            self._ready.set()
            self._scribe.shutdown(wait=True)
            self._authority.close()
            self._loop.close()

    async def _serve(self) -> None:
        swept = self._loop.time()
        try:
            for host in self.hosts.values():
                await host.watch()
            self._ready.set()
            while not self._stop.is_set():
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), WATCH)
                for host in self.hosts.values():
                    await host.watch()
                if self._loop.time() - swept >= SWEEP:
                    swept = self._loop.time()
                    for host in self.hosts.values():
                        await host.service.sweep()
        finally:
            for host in self.hosts.values():
                await host.close()
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

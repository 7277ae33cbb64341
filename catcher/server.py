"""The SMTP server: takes every mail, keeps it, delivers it to nobody. 250 is said after the commit, never before."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import close_old_connections, connection
from django.utils import timezone

from catcher.services import Incoming, prune, store

SIZE_LIMIT = 25_000_000  # octets of one message
BATCH_LIMIT = 200
PRUNE_EACH = 1_000  # messages
log = logging.getLogger(__name__)


class Catcher:
    """Gathers what arrives while the last commit runs, and commits it together."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[tuple[Incoming, asyncio.Future[bool]]] = asyncio.Queue(maxsize=1_000)
        # One thread: Django's connection belongs to the thread that opened it.
        self._writer_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="catcher")
        self._since_prune = PRUNE_EACH

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook for a message that was received whole."""
        content = envelope.content or b""
        incoming = Incoming(
            mail_from=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            source=content if isinstance(content, bytes) else content.encode(errors="surrogateescape"),
        )
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        await self._waiting.put((incoming, kept))
        return "250 2.0.0 kept, delivered to nobody" if await kept else "451 4.3.0 the test inbox cannot store it now"

    async def write(self) -> None:
        """Commit what is waiting, for ever. Cancelled at the end, when nothing is waiting any more."""
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._waiting.get()]
            while not self._waiting.empty() and len(batch) < BATCH_LIMIT:
                batch.append(self._waiting.get_nowait())
            kept = await loop.run_in_executor(self._writer_thread, self._store, [incoming for incoming, _ in batch])
            for _, future in batch:
                if not future.done():  # cancelled when its connection was lost
                    future.set_result(kept)
                self._waiting.task_done()

    async def finish(self) -> None:
        """Wait until everything received was committed, then give the connection back."""
        await self._waiting.join()
        self._writer_thread.submit(connection.close)
        self._writer_thread.shutdown()

    def _store(self, messages: list[Incoming]) -> bool:
        close_old_connections()
        try:
            self._since_prune += store(messages)
            if self._since_prune >= PRUNE_EACH:
                self._since_prune = 0
                prune(now=timezone.now())
        except Exception:  # whatever it is, senders get an answer and the writer lives on
            log.exception("The test inbox could not store %s messages", len(messages))
            return False
        return True


async def serve(*, port: int, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Listen on loopback until `stop` is set, then finish what was received. Raises OSError when the port is taken."""
    # aiosmtpd tells each command and each connection at this level
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    catcher = Catcher()
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(
            catcher,
            data_size_limit=SIZE_LIMIT,
            enable_SMTPUTF8=True,
            hostname="catcher.localhost",  # else it asks the resolver for our own name
            ident="Envol test inbox, delivers to nobody",
            loop=loop,
        )

    server = await loop.create_server(session, host="127.0.0.1", port=port)
    writer = asyncio.create_task(catcher.write())
    ready()
    await stop.wait()
    server.close()
    await catcher.finish()
    writer.cancel()

"""`manage.py catcher`: the SMTP server of the test inbox, until SIGTERM or Ctrl-C."""

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catcher.server import serve


class Command(BaseCommand):
    help = "Keeps every mail sent to 127.0.0.1 on its port and shows it in the test inbox. Delivers to nobody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.CATCHER_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        port: int = options["port"]
        try:
            asyncio.run(self._run(port))
        except OSError as error:
            raise CommandError(f"The test inbox cannot listen on 127.0.0.1:{port}: {error.strerror}.") from error

    async def _run(self, port: int) -> None:
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await serve(port=port, stop=stop, ready=lambda: self._say(port))

    def _say(self, port: int) -> None:
        self.stdout.write(f"The test inbox listens on 127.0.0.1:{port} and delivers to nobody.")
        self.stdout.flush()

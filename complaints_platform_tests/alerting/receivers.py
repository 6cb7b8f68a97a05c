"""Real receivers, each a process of its own: ``python receivers.py webhook|mail PORT FILE [DIES_AT] [SLOW_AT]``.

Each keeps what it gets as a line of JSON in FILE. At its DIES_AT-th message it ends after keeping it and before it
answers; at its SLOW_AT-th it keeps it and answers never.
"""

import asyncio
import json
import os
import sys
import time
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from aiosmtpd.smtp import SMTP


class Keeper:
    def __init__(self, file, dies_at, slow_at):
        self.file = Path(file)
        self.dies_at = dies_at
        self.slow_at = slow_at
        self.count = 0

    def keep(self, entry):
        self.count += 1
        with self.file.open("a") as out:
            out.write(json.dumps(entry) + "\n")
        if self.count == self.dies_at:
            os._exit(1)
        if self.count == self.slow_at:
            time.sleep(60)


def webhook(port, keeper):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            keeper.keep(
                {
                    "id": self.headers["Idempotency-Key"],
                    "told": [each["id"] for each in body["notifications"]],
                    "body": body,
                }
            )
            self.send_response(204)
            self.end_headers()

        def do_GET(self):
            keeper.keep({"call": self.path})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    HTTPServer(("127.0.0.1", port), Handler).serve_forever()


def mail(port, keeper):
    class Handler:
        async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  # aiosmtpd's name
            message = message_from_bytes(envelope.content)
            text = message.get_payload(decode=True).decode()
            keeper.keep(
                {
                    "id": message["Message-ID"],
                    "ids": message.get_all("Message-ID"),
                    "to": envelope.rcpt_tos,
                    "subject": str(message["Subject"]),
                    "answers": message["In-Reply-To"],
                    "text": text,
                }
            )
            return "250 kept"

    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Handler()), "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    kind, port, file, *when = sys.argv[1:]
    dies_at, slow_at = (*map(int, when), 0, 0)[:2]
    {"webhook": webhook, "mail": mail}[kind](int(port), Keeper(file, dies_at, slow_at))

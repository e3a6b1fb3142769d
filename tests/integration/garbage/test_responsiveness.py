"""The measurement of stalls sees a server that is busy, and forgives a machine that is."""

import asyncio
import sys

from tests.fixtures.responsiveness import watched

BUSY = """
import sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Handler.asked += 1
        if Handler.asked == 2:
            {stall}
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""
WAITING = "time.sleep(1.5)"
COMPUTING = "end = time.thread_time() + 1.5\n            while time.thread_time() < end: pass"


async def longest(stall: str) -> float:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BUSY.format(stall=stall), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout
        async with watched(int(await server.stdout.readline()), server.pid) as stalls:
            await asyncio.sleep(1)
        return stalls.longest
    finally:
        server.kill()
        await server.communicate()


async def test_stalls_are_seen() -> None:
    """A server that waits for something, and one that computes."""
    assert [await longest(stall) > 1.2 for stall in (WAITING, COMPUTING, "pass")] == [True, True, False]

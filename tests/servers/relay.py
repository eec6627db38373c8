"""A relay on loopback that counts requests."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.error import HTTPError

from servers import fetch


@contextmanager
def relayed(url: str) -> Iterator[tuple[str, list[str]]]:
    """Another URL for the same resource, and a list with the path of each request."""
    requests: list[str] = []

    class Relay(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            try:
                status, body = 200, fetch(url)
            except HTTPError as error:
                with error:
                    status, body = error.code, error.read()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_values: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Relay) as relay:
        thread = Thread(target=relay.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{relay.server_port}/", requests
        finally:
            relay.shutdown()
            thread.join()

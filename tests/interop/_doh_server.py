"""A DNS over HTTPS server for tests (RFC 8484, HTTP/1.1): it hands each message on to a name server of the test, by TCP,
and gives back what comes.

    with DohServer(name_server_port, certificate, key) as server:
        url = server.url                    # "https://127.0.0.1:PORT/dns-query{?dns}"

Without a certificate it speaks HTTP in clear. GET with ?dns= and POST are understood.
"""

import base64
import http.server
import socket
import ssl
import struct
import threading
import urllib.parse

MEDIA_TYPE = "application/dns-message"


def _receive(connection, octets):
    data = b""
    while len(data) < octets:
        more = connection.recv(octets - len(data))
        if not more:
            raise OSError("the name server closed the connection")
        data += more
    return data


def ask(port, message):
    """What the name server on this port of loopback answers, by TCP: RFC 1035 4.2.2."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(struct.pack("!H", len(message)) + message)
        length, = struct.unpack("!H", _receive(connection, 2))
        return _receive(connection, length)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # a response leaves in one piece
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("dns", [""])[0]
        try:
            message = base64.b64decode(query + "=" * (-len(query) % 4), altchars=b"-_", validate=True)
        except ValueError:
            message = b""
        self.answer(message)

    def do_POST(self):
        message = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(message if self.headers.get("Content-Type") == MEDIA_TYPE else b"")

    def answer(self, message):
        self.server.requests += 1
        if not self.path.startswith("/dns-query"):
            self.reply(404, b"")
        elif len(message) < 12:
            self.reply(400, b"")
        else:
            try:
                self.reply(200, ask(self.server.name_server, message))
            except OSError:
                self.reply(502, b"")

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", MEDIA_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    context = None
    requests = 0

    def finish_request(self, request, client_address):
        """In the connection's own thread, so that a slow handshake holds nobody up."""
        if self.context is not None:
            try:
                request.settimeout(10)
                request = self.context.wrap_socket(request, server_side=True)
            except OSError:
                return
        super().finish_request(request, client_address)
        if self.context is not None:
            try:
                request.unwrap()
            except OSError:
                pass
            request.close()


class DohServer:
    def __init__(self, name_server, certificate=None, key=None):
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.name_server = name_server
        if certificate is not None:
            self.server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.server.context.load_cert_chain(certificate, key)
        self.port = self.server.server_address[1]
        scheme = "http" if certificate is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self.port}/dns-query{{?dns}}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def requests(self):
        return self.server.requests

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

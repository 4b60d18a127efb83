"""aiosmtpd as a peer, see _peers.py, and as a next hop that fails where it is told:

    with Aiosmtpd(address="127.0.0.2", port=other.mx) as hop:
        hop.fail(mail="421 4.3.2 Going down"); …; hop.fail()

The library runs in a process of its own, which is this file as a program; what is to fail is read anew for each
connection. A stage is told what to say in place of what aiosmtpd says there, or CLOSE; a 421 closes as well. Stages:
connect, hello, starttls, mail, rcpt, data, content (in the middle of the message) and final."""

import asyncio
import contextlib
import json
import pathlib
import ssl
import sys
import uuid

CLOSE = "close"
DOMAIN = "example.net"


def serve(address, port, folder, *mailboxes):
    from aiosmtpd.smtp import SMTP

    folder = pathlib.Path(folder)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(folder / "certificate.pem", folder / "key.pem")

    class Mailboxes:
        async def handle_RCPT(self, server, session, envelope, recipient, options):
            local, _, domain = recipient.partition("@")
            if domain != DOMAIN or local not in mailboxes:
                return "550 5.1.1 Nobody here"
            envelope.rcpt_tos.append(recipient)
            envelope.rcpt_options.extend(options)
            return "250 2.1.5 Ok"

        async def handle_DATA(self, server, session, envelope):
            said = server.plan.get("final")
            if said is None or said == CLOSE:
                for recipient in envelope.rcpt_tos:
                    box = folder / "mail" / recipient.partition("@")[0] / "new"
                    box.mkdir(parents=True, exist_ok=True)
                    trace = f"Return-Path: <{envelope.mail_from}>\r\nReceived: by aiosmtpd\r\n"
                    part = box.parent / str(uuid.uuid4())
                    part.write_bytes(trace.encode() + envelope.original_content)
                    part.rename(box / part.name)
            return said or "250 2.0.0 Taken"

    class Server(SMTP):
        def connection_made(self, transport):
            if not hasattr(self, "plan"):  # TLS makes a connection of it once more
                self.plan = json.loads((folder / "plan").read_text())
            super().connection_made(transport)

        async def push(self, status):
            greeting, self.greeted = not getattr(self, "greeted", False), True
            if greeting:
                status = self.plan.get("connect", status)
            if status != CLOSE:
                await super().push(status)
            if status == CLOSE or str(status).startswith("421"):
                self.transport.close()

        async def planned(self, stage, ordinary, argument):
            if stage in self.plan:
                await self.push(self.plan[stage])
            else:
                await ordinary(argument)

        async def smtp_EHLO(self, argument):
            await self.planned("hello", super().smtp_EHLO, argument)

        async def smtp_STARTTLS(self, argument):
            await self.planned("starttls", super().smtp_STARTTLS, argument)

        async def smtp_MAIL(self, argument):
            await self.planned("mail", super().smtp_MAIL, argument)

        async def smtp_RCPT(self, argument):
            await self.planned("rcpt", super().smtp_RCPT, argument)

        async def smtp_DATA(self, argument):
            if "content" in self.plan:
                await self.push("354 Go on")
                await self._reader.readline()
                await self.push(self.plan["content"])
            else:
                await self.planned("data", super().smtp_DATA, argument)

    async def run():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Server(Mailboxes(), hostname="localhost", tls_context=tls, enable_SMTPUTF8=True, loop=loop),
            address, int(port))
        await server.serve_forever()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())


if __name__ == "__main__":
    serve(*sys.argv[1:])
else:
    from _peers import MAILBOXES, PATIENCE, Peer, wait_for

    class Aiosmtpd(Peer):
        PORTS = ("mx",)

        def __init__(self, address="127.0.0.1", port=None):
            """With `port` it listens there, else on a free one of 127.0.0.1."""
            self.address, self.plan = address, {}
            if port is not None:
                self.PORTS, self.mx = (), port

        def configure(self):
            self.fail(**self.plan)

        def command(self):
            return [sys.executable, __file__, self.address, self.mx, self.folder, *MAILBOXES], {}

        def ready(self):
            wait_for(self.mx, self.process, PATIENCE, self.address)

        def fail(self, **plan):
            """From the next connection on; nothing any more without words."""
            self.plan = plan
            new = self.folder / "plan.new"
            new.write_text(json.dumps(plan))
            new.rename(self.folder / "plan")

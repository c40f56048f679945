"""A TLS front before a plain server, as in production, and the certificates for it; all of it made by the test."""
import asyncio
import ssl
import subprocess
import threading


def openssl(*arguments, cwd):
    subprocess.run(["openssl", *arguments], cwd=cwd, check=True, capture_output=True)


class Authority:
    """A certificate authority in a directory: ca.pem, and certificates that it signs."""

    def __init__(self, directory, name="squall test CA"):
        self.directory = directory
        self.directory.mkdir()
        self.file = directory / "ca.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
                "-out", "ca.pem", "-days", "30", "-subj", f"/CN={name}", cwd=directory)

    def certificate(self, names, days=30):
        """(certificate, key) for subjectAltName `names`; negative `days`: it expired so many days ago."""
        stem = f"leaf{len(list(self.directory.iterdir()))}"
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{stem}.key",
                "-out", f"{stem}.csr", "-subj", "/CN=push.example", cwd=self.directory)
        (self.directory / f"{stem}.ext").write_text(f"subjectAltName={names}\n")
        openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", f"{stem}.pem", "-days", str(days), "-extfile", f"{stem}.ext", cwd=self.directory)
        return self.directory / f"{stem}.pem", self.directory / f"{stem}.key"


class Front:
    """Ends TLS on a free port of loopback, and passes everything on to `upstream` ("127.0.0.1:PORT")."""

    def __init__(self, upstream, certificate):
        self.upstream = upstream.rsplit(":", 1)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        self.ready = threading.Event()
        self.thread = threading.Thread(target=asyncio.run, args=(self.serve(),))
        self.thread.start()
        self.ready.wait()

    async def serve(self):
        self.loop = asyncio.get_running_loop()
        self.over = asyncio.Event()
        self.tasks = set()
        self.loop.set_exception_handler(lambda *_: None)  # handshakes that fail are what it is there for
        server = await asyncio.start_server(self.accepted, "127.0.0.1", 0, ssl=self.context)
        self.address = "127.0.0.1:%d" % server.sockets[0].getsockname()[1]
        self.port = int(self.address.rsplit(":", 1)[1])
        self.ready.set()
        await self.over.wait()
        server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def accepted(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        try:
            upstream, into = await asyncio.open_connection(self.upstream[0], int(self.upstream[1]))
        except OSError:
            writer.close()
            return
        await asyncio.gather(self.relay(reader, into), self.relay(upstream, writer))

    @staticmethod
    async def relay(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    def stop(self):
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join()

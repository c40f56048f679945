"""A small push server, SSE and WebSocket, with one behaviour of a hostile one: server.py ADDRESS PORT BEHAVIOUR.

Each behaviour is a method of Hostile that stands in for the one of Server. `none` is the server without any.
"""
import asyncio
import base64
import gzip
import hashlib
import itertools
import re
import sys

BLOCK = 64 * 1024


def frame(payload, first_byte=0x81):
    size = len(payload)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    return bytes([first_byte]) + length + payload


class Server:
    def __init__(self):
        self.subscribers = {}  # the queue of each: what is to be sent
        self.pages = itertools.count()

    async def connection(self, reader, writer):
        try:
            while request := await self.request(reader):
                path, headers, body = request
                await getattr(self, path.strip("/").split("?")[0])(reader, writer, headers, body)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone, which is its right
        finally:
            writer.close()

    async def request(self, reader):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return None
        headers = {name.lower(): value for name, value in re.findall(r"^([^:\r\n]+): ([^\r]*)\r$", head, re.M)}
        return head.split(" ")[1], headers, await reader.readexactly(int(headers.get("content-length", 0)))

    async def answer(self, writer, status, body=b""):
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
        await writer.drain()

    async def chunks(self, writer, chunks, interval=0):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for chunk in chunks:
            writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            await writer.drain()
            await asyncio.sleep(interval)

    async def ready(self, reader, writer, headers, body):
        await self.answer(writer, b"200 OK")

    async def metrics(self, reader, writer, headers, body):
        await self.answer(writer, b"200 OK", b'connections{protocol="sse"} 1\n')

    async def publish(self, reader, writer, headers, body):
        for queue in self.subscribers.values():
            queue.put_nowait(body)
        await self.published(writer)

    async def published(self, writer):
        await self.answer(writer, b"202 Accepted")

    async def subscription(self, writer, encode):
        """Until the client hangs up."""
        queue = self.subscribers[writer] = asyncio.Queue()
        try:
            while True:
                await self.deliver(writer, encode(await queue.get()))
        finally:
            del self.subscribers[writer]

    async def deliver(self, writer, data):
        writer.write(data)
        await writer.drain()

    sse_headers = b"Content-Type: text/event-stream\r\n\r\n"

    async def events(self, reader, writer, headers, body):
        writer.write(b"HTTP/1.1 200 OK\r\n" + self.sse_headers)
        await self.subscription(writer, self.event)

    def event(self, message):
        return b"data: %s\n\n" % message

    async def ws(self, reader, writer, headers, body):
        key = headers["sec-websocket-key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Accept: %s\r\n%s\r\n"
                     % (base64.b64encode(hashlib.sha1(key).digest()), self.ws_headers))
        await self.ws_opened(writer)
        await self.subscription(writer, self.ws_frame)

    ws_headers = b""

    async def ws_opened(self, writer):
        pass

    def ws_frame(self, message):
        return frame(message)


async def flood(writer, data):
    while True:
        writer.write(data)
        await writer.drain()


class EndlessHeaders(Server):
    async def events(self, reader, writer, headers, body):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        await flood(writer, b"X-More: of the same\r\n" * 1000)


class SilentHandshake(Server):
    async def events(self, reader, writer, headers, body):
        await asyncio.sleep(3600)


class HugeFrame(Server):
    async def ws_opened(self, writer):
        writer.write(b"\x82\x7f" + (2**63).to_bytes(8, "big"))
        await flood(writer, bytes(BLOCK))


class SseCompressed(Server):
    sse_headers = b"Content-Encoding: gzip\r\n" + Server.sse_headers

    def event(self, message):
        return gzip.compress(super().event(message))


class WsExtension(Server):
    ws_headers = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"


class WsCompressed(Server):
    def ws_frame(self, message):
        return frame(message, 0xC1)  # RSV1: compressed, by an extension that nobody agreed to


class ByteByByte(Server):
    async def deliver(self, writer, data):
        for i in range(len(data)):
            writer.write(data[i:i + 1])
            await writer.drain()
            await asyncio.sleep(0)


class EndlessLine(Server):
    async def events(self, reader, writer, headers, body):
        writer.write(b"HTTP/1.1 200 OK\r\n" + self.sse_headers + b"data: ")
        await flood(writer, b"x" * BLOCK)


class EndlessMetrics(Server):
    async def metrics(self, reader, writer, headers, body):
        await self.chunks(writer, itertools.repeat(b'connections{protocol="sse"} 1\n' * 2000))


class EndlessChunkExtension(Server):
    async def metrics(self, reader, writer, headers, body):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;")
        await flood(writer, b"x" * BLOCK)


class SlowMetrics(Server):
    async def metrics(self, reader, writer, headers, body):
        await self.chunks(writer, itertools.repeat(b"#"), interval=1)


class InventedLabels(Server):
    async def metrics(self, reader, writer, headers, body):
        page = next(self.pages)
        await self.answer(writer, b"200 OK", b"".join(b'failures{cause="%d-%d"} 1\n' % (page, i)
                                                      for i in range(12_000)))


class EndlessPublishAnswer(Server):
    async def published(self, writer):
        await self.chunks(writer, itertools.repeat(b"x" * BLOCK))


class LogFlood(Server):
    async def events(self, reader, writer, headers, body):
        asyncio.get_running_loop().run_in_executor(None, self.print_without_end)
        await super().events(reader, writer, headers, body)

    def print_without_end(self):
        while True:
            sys.stdout.write("not what anybody wanted to know\n" * 2000)


class LongLogLine(Server):
    async def events(self, reader, writer, headers, body):
        for _ in range(600):  # one line of 150 MiB in all; a subscriber that comes again does not make it a flood
            sys.stdout.write("x" * BLOCK)
        await super().events(reader, writer, headers, body)


class InvalidUtf8(Server):
    def ws_frame(self, message):
        return frame(b"\xff\xc0\xaf" + message)


class PingFlood(Server):
    async def ws_opened(self, writer):
        asyncio.ensure_future(flood(writer, frame(b"p" * 125, 0x89) * 100))


def behaviours():
    named = {re.sub(r"(?<!^)([A-Z])", r"-\1", kind.__name__).lower(): kind for kind in Server.__subclasses__()}
    return {"none": Server, **named}


async def main(address, port, behaviour):
    server = behaviours()[behaviour]()
    async with await asyncio.start_server(server.connection, address, int(port)) as listening:
        await listening.serve_forever()


asyncio.run(main(*sys.argv[1:]))

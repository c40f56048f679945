"""A push server in miniature whose books can be made to lie: lying_target.py ADDRESS PORT honest|buffers|misattributes|excuses"""
import asyncio
import json
import signal
import sys
import time

ADDRESS, PORT, MODE = sys.argv[1], int(sys.argv[2]), sys.argv[3]
subscribers = []
ended = {}


class Subscriber:
    def __init__(self, writer):
        self.writer = writer
        self.dropped = self.delivered = 0

    def end(self, reason):
        if self not in subscribers:
            return
        subscribers.remove(self)
        ended[reason] = ended.get(reason, 0) + 1
        now = time.time()
        peer = "%s:%d" % self.writer.get_extra_info("peername")
        line = {"event": "disconnect", "peer": peer, "reason": reason,
                "dropped": self.dropped, "delivered": self.delivered}
        if MODE != "buffers":
            line["time"] = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06}Z"
        print(json.dumps(line), flush=MODE != "buffers")


count = drops = 0


def publish(payload):
    """The first subscriber is kept from every tenth message."""
    global count, drops
    count += 1
    for place, subscriber in enumerate(list(subscribers)):
        if place == 0 and count % 10 == 0:
            drops += 1
            blamed = 1 if MODE == "misattributes" else 0
            subscribers[blamed].dropped += 1
            continue
        subscriber.delivered += 1
        subscriber.writer.write(b"id: %d\ndata: %s\n\n" % (count, payload))
    if MODE == "excuses" and count == 20:
        first = subscribers[0]
        first.writer.write(b'event: goodbye\ndata: {"reason":"slow_consumer"}\n\n')
        first.writer.write_eof()
        first.end("client_closed")


def metrics():
    lines = [f"dropped_total {drops}", f"open {len(subscribers)}"]
    return "\n".join(lines + [f'ended_total{{reason="{reason}"}} {n}' for reason, n in ended.items()]) + "\n"


async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if head.startswith("GET /events"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
                subscriber = Subscriber(writer)
                subscribers.append(subscriber)
                await reader.read()
                subscriber.end("client_closed")
                break
            length = [line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-length:")]
            if head.startswith("POST"):
                publish(await reader.readexactly(int(length[0])))
            body = metrics().encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # a client that goes between two requests
    writer.close()


async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with await asyncio.start_server(serve, ADDRESS, PORT):
        await stop.wait()

asyncio.run(main())

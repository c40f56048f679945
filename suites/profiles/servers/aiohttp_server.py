"""SSE and WebSocket by aiohttp, in the manner of the examples of its makers.

WebSocket: a list of sockets, and a text of one of them is sent to the others, one after the other:
https://github.com/aio-libs/aiohttp/blob/v3.8.4/examples/web_ws.py, without its greetings.
SSE: a queue for each subscriber, and a POST that puts what it is sent into all:
https://github.com/aio-libs/aiohttp-sse/blob/v2.1.0/examples/chat.py, with aiohttp's StreamResponse in place of that
package's (https://docs.aiohttp.org/en/v3.8.4/web_reference.html#streamresponse).
Either way, a message goes to the subscribers of both.

usage: aiohttp_server.py ADDRESS PORT
"""
import asyncio
import sys

from aiohttp import web


async def send_to_all(app, text, sender=None):
    for queue in app["channels"]:
        await queue.put(text)
    for ws in app["sockets"]:
        if ws is not sender:
            await ws.send_str(text)


async def publish(request):
    await send_to_all(request.app, await request.text())
    return web.Response()


async def events(request):
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await stream.prepare(request)
    queue = asyncio.Queue()
    request.app["channels"].add(queue)
    try:
        while True:
            text = await queue.get()
            await stream.write(f"data: {text}\n\n".encode())
    finally:
        request.app["channels"].remove(queue)
    return stream


async def websocket(request):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    request.app["sockets"].append(ws)
    try:
        async for message in ws:
            if message.type == web.WSMsgType.TEXT:
                await send_to_all(request.app, message.data, ws)
            else:
                return ws
        return ws
    finally:
        request.app["sockets"].remove(ws)


async def on_shutdown(app):
    for ws in app["sockets"]:
        await ws.close()


app = web.Application()
app["channels"] = set()
app["sockets"] = []
app.router.add_post("/publish", publish)
app.router.add_get("/events", events)
app.router.add_get("/ws", websocket)
app.on_shutdown.append(on_shutdown)
web.run_app(app, host=sys.argv[1], port=int(sys.argv[2]), access_log=None)

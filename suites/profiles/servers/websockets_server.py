"""broadcast() of Python's websockets: what a client sends goes to all, as in the quick start's section "Broadcast messages"
(https://websockets.readthedocs.io/en/10.4/intro/quickstart.html#broadcast-messages).

usage: websockets_server.py ADDRESS PORT [OPTION=NUMBER...]      options of serve(): ping_interval, ping_timeout, in seconds
"""
import asyncio
import sys

import websockets

CLIENTS = set()


async def handler(websocket):
    CLIENTS.add(websocket)
    try:
        async for message in websocket:
            websockets.broadcast(CLIENTS, message)
    finally:
        CLIENTS.remove(websocket)


async def main(address, port, *options):
    numbers = {name: float(value) for name, value in (option.split("=") for option in options)}
    async with websockets.serve(handler, address, int(port), **numbers):
        await asyncio.Future()  # run forever


asyncio.run(main(*sys.argv[1:]))

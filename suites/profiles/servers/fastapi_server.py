"""SSE by FastAPI on uvicorn: the minimal pattern that tutorials publish.

A bounded asyncio.Queue for each subscriber (512 messages); when it is full, its oldest message is dropped and counted; a
StreamingResponse (https://fastapi.tiangolo.com/advanced/custom-response/#streamingresponse) of a generator that waits for
the queue. A POST goes to all.

usage: uvicorn --app-dir DIRECTORY fastapi_server:app --host ADDRESS --port PORT
"""
import asyncio

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, StreamingResponse

app = FastAPI()
subscribers = set()
dropped = 0


def put(queue, text):
    global dropped
    if queue.full():
        queue.get_nowait()
        dropped += 1
    queue.put_nowait(text)


@app.post("/publish", status_code=204)
async def publish(request: Request) -> None:
    text = (await request.body()).decode()
    for queue in subscribers:
        put(queue, text)


@app.get("/events")
async def events():
    queue = asyncio.Queue(512)
    subscribers.add(queue)

    async def stream():
        try:
            while True:
                yield f"data: {await queue.get()}\n\n"
        finally:
            subscribers.discard(queue)

    return StreamingResponse(stream(), media_type="text/event-stream")


@app.get("/metrics", response_class=PlainTextResponse)
async def metrics():
    return f"dropped_total {dropped}\n"


@app.get("/healthz")
async def healthz():
    return {"status": "ok"}

"""fastapi_server.py with GZipMiddleware, as FastAPI's documentation adds it
(https://fastapi.tiangolo.com/advanced/middleware/#gzipmiddleware, "both standard and streaming responses"). The stream begins
with a comment, since the middleware keeps the response's head until there is something behind it.

usage: uvicorn --app-dir DIRECTORY fastapi_gzip_server:app --host ADDRESS --port PORT
"""
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import StreamingResponse
from fastapi_server import app, events

app.add_middleware(GZipMiddleware)


@app.get("/greeted")
async def greeted():
    response = await events()

    async def stream():
        yield ": connected\n\n"
        async for event in response.body_iterator:
            yield event

    return StreamingResponse(stream(), media_type="text/event-stream")

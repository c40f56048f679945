// Channel of the guide of better-sse (https://matthewwid.github.io/better-sse/guides/channels/, 0.16.1), with Node's own
// HTTP server (https://matthewwid.github.io/better-sse/reference/recipes/). A POST is broadcast.
// usage: node better-sse.cjs ADDRESS PORT
const { createServer } = require('http');
const { text } = require('stream/consumers');
const { createChannel, createSession } = require('better-sse');

const [host, port] = process.argv.slice(2);
const channel = createChannel();

const server = createServer(async (req, res) => {
  if (req.method === 'POST' && req.url === '/publish') {
    channel.broadcast(await text(req), 'message');
    res.writeHead(204).end();
  } else if (req.method === 'GET' && req.url === '/sse') {
    const session = await createSession(req, res);
    channel.register(session);
  } else {
    res.writeHead(404).end();
  }
});

server.listen(Number(port), host);

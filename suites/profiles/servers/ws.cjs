// Server broadcast of the README of ws, "including itself" (https://github.com/websockets/ws#server-broadcast, 8.23.0).
// usage: node ws.cjs ADDRESS PORT
const { WebSocket, WebSocketServer } = require('ws');

const [host, port] = process.argv.slice(2);
const wss = new WebSocketServer({ host, port: Number(port) });

wss.on('connection', (client) => {
  client.on('error', console.error);

  client.on('message', (data, isBinary) => {
    wss.clients.forEach((each) => {
      if (each.readyState === WebSocket.OPEN) each.send(data, { binary: isBinary });
    });
  });
});

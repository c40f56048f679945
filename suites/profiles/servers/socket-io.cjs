// Broadcast of the tutorial of socket.io (https://socket.io/docs/v4/tutorial/step-5, 4.8.4): what one client says goes to
// all, the sender included.
// usage: node socket-io.cjs ADDRESS PORT [OPTION=NUMBER...]      options of the Server: pingInterval, pingTimeout, in ms
const { createServer } = require('http');
const { Server } = require('socket.io');

const [host, port, ...options] = process.argv.slice(2);
const server = createServer((req, res) => res.end('<h1>Hello world</h1>'));
const io = new Server(server, Object.fromEntries(options.map((option) => {
  const [name, value] = option.split('=');
  return [name, Number(value)];
})));

io.on('connection', (socket) => {
  socket.on('chat message', (msg) => {
    io.emit('chat message', msg);
  });
});

server.listen(Number(port), host);

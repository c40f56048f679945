"""squall init: writes a profile of a server that runs, and says at which step another one fails, with the bytes."""
import json
import os
import socketserver
import subprocess
import threading
import unittest

from squall import SquallTest, scenario
from tls_front import Authority, Front

EVENT_STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


class TinyServer(socketserver.ThreadingTCPServer):
    """Answers by path, with these bytes, and closes; a path in `held` stays open for as long as its client does."""
    daemon_threads = True

    def __init__(self, answers, held=()):
        self.answers = answers
        self.held = held
        super().__init__(("127.0.0.1", 0), TinyHandler)
        self.url = "http://127.0.0.1:%d" % self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}).start()

    def stop(self):
        self.shutdown()
        self.server_close()


class TinyHandler(socketserver.StreamRequestHandler):
    def handle(self):
        request = self.rfile.readline().split()
        if len(request) < 2:
            return
        length = 0
        while (line := self.rfile.readline()).strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        self.rfile.read(length)
        path = request[1].decode()
        self.wfile.write(self.server.answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nno page"))
        if path in self.server.held:
            self.rfile.read()


class InitTest(SquallTest):
    def start_reference_server(self, *arguments):
        binary = os.path.join(os.environ["REFERENCE_SERVER_DIR"], "squall-reference-server")
        server = subprocess.Popen([binary, "--listen", "127.0.0.1:0", *arguments], stdout=subprocess.PIPE, text=True)

        def stop():
            server.terminate()
            server.stdout.close()
            server.wait(30)
        self.addCleanup(stop)
        return json.loads(server.stdout.readline())["address"]

    def start(self, server):
        self.addCleanup(server.stop)
        return server

    def init(self, *arguments, code=0):
        process = self.squall("init", *arguments)
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        self.assertEqual((self.directory / "target.yaml").exists(), code == 0)
        return process.stdout


class Works(InitTest):
    def test_the_reference_server(self):
        address = self.start_reference_server("--heartbeat-interval=50ms", "--ping-interval=50ms")
        said = self.init("--sse", f"http://{address}/events?topic={{topic}}",
                         "--websocket", f"ws://{address}/ws?topic={{topic}}",
                         "--publish", f"POST http://{address}/publish?topic={{topic}}", "--listen", "30")
        for line in (r"ok +connect to 127", r"ok +SSE GET /events\?topic=squall", r"ok +WebSocket GET /ws",
                     r"ok +publish POST /publish", r"ok +the message arrives: SSE: data: ?\{payload\}",
                     r"ok +the message arrives: WebSocket: \{payload\}", r"ok +SSE: ids", r"ok +SSE: heartbeats",
                     r"ok +WebSocket: heartbeats: pings", r"ok +health: GET /readyz", r"ok +metrics: GET /metrics"):
            self.assertRegex(said, line)
        self.assertEqual(self.squall("validate", "target.yaml").returncode, 0)
        process, findings, _ = self.run_scenario(scenario(duration="1s"), "--target", "target.yaml")
        self.assertEqual(findings["count(connects) == 40 always"]["verdict"], "pass", process.stdout + process.stderr)
        again = self.squall("init", "--sse", f"http://{address}/events")
        self.assertEqual(again.returncode, 2)
        self.assertIn("target.yaml is there already", again.stderr)

    def test_without_topics_and_with_a_frame_to_begin_with(self):
        address = self.start_reference_server("--ping-interval=50ms")
        self.init("--websocket", f"ws://{address}/ws?topic=a", "--opening", 'say "hello"', "--opening",
                  '["say","hello"]', "--listen", "30",
                  "--publish", f"POST http://{address}/publish?topic=a", "--header", "Sec-WebSocket-Protocol: push",
                  "--header", "X-Who: me")
        written = (self.directory / "target.yaml").read_text()
        for line in ("topics: false", '  opening:', '    - "say \\"hello\\""', '    - "[\\"say\\",\\"hello\\"]"',
                     '  subprotocol: "push"',
                     '  "X-Who": "me"'):
            self.assertIn(line + "\n", written)

    def test_behind_tls(self):
        authority = Authority(self.directory / "pki")
        front = self.start(Front(self.start_reference_server(), authority.certificate("IP:127.0.0.1")))
        urls = ("--sse", f"https://{front.address}/events?topic={{topic}}",
                "--websocket", f"wss://{front.address}/ws?topic={{topic}}",
                "--publish", f"POST https://{front.address}/publish?topic={{topic}}", "--listen", "0.1")
        said = self.init(*urls, code=1)
        self.assertRegex(said, r"failed +TLS: .*certificate \(CN = push\.example\).*not trusted")
        self.assertIn("--ca FILE", said)
        self.init(*urls, "--ca", "pki/ca.pem")
        process, findings, _ = self.run_scenario(scenario(duration="1s"), "--target", "target.yaml")
        self.assertEqual(findings["count(connects) == 40 always"]["verdict"], "pass", process.stdout + process.stderr)
        (self.directory / "target.yaml").unlink()
        self.init(*urls, "--insecure")

    def test_a_body_that_the_server_takes_is_found(self):
        server = self.start(JsonServer())
        said = self.init("--sse", server.url + "/", "--publish", f"POST {server.url}/say", "--listen", "20")
        self.assertRegex(said, r"the message arrives: SSE: data: \{payload\}")
        self.assertRegex(said, r"ok +SSE: heartbeats: comments")
        self.assertIn('body: "{\\"text\\": \\"{payload}\\"}"', (self.directory / "target.yaml").read_text())


class JsonServer(TinyServer):
    """Wants {"text": …}, and passes on what it is."""

    def __init__(self):
        super().__init__({})
        self.RequestHandlerClass = JsonHandler
        self.said = None
        self.news = threading.Condition()


class JsonHandler(socketserver.StreamRequestHandler):
    def handle(self):
        request = self.rfile.readline().split()
        length = 0
        while (line := self.rfile.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        body = self.rfile.read(length)
        server = self.server
        if request[:2] == [b"GET", b"/"]:
            self.wfile.write(EVENT_STREAM)
            with server.news:
                server.news.wait_for(lambda: server.said, 60)
            self.wfile.write(b"data: " + (server.said or "").encode() + b"\n\n")
            self.request.settimeout(0.05)
            while True:
                try:
                    self.wfile.write(b": ping\n\n")
                    if not self.request.recv(1):
                        return
                except TimeoutError:
                    pass
                except OSError:
                    return
        try:
            said, status = json.loads(body)["text"], "202 Accepted"
        except (ValueError, KeyError, TypeError):
            said, status = None, "400 Bad Request"
        if request[:2] != [b"POST", b"/say"]:
            said, status = None, "404 Not Found"
        self.wfile.write(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
        if said:
            with server.news:
                server.said = said
                server.news.notify_all()


class Fails(InitTest):
    """One tiny wrong server a test: the step and the bytes are named."""

    def test_nothing_listens(self):
        server = TinyServer({})
        server.stop()
        self.assertRegex(self.init("--sse", server.url, code=1), r"failed +connect to .*refused\n.*nothing listens")

    def test_not_found(self):
        server = self.start(TinyServer({}))
        said = self.init("--sse", server.url + "/stream", code=1)
        self.assertRegex(said, r"failed +SSE GET /stream HTTP/1.1: it answered 404")
        self.assertIn(r"| HTTP/1.1 404 Not Found\r\n", said)
        self.assertIn("| no page", said)

    def test_another_content_type(self):
        page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"
        server = self.start(TinyServer({"/": page}))
        self.assertRegex(self.init("--sse", server.url, code=1), r"failed +SSE GET / .*not text/event-stream")

    def test_no_upgrade(self):
        server = self.start(TinyServer({"/": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"}))
        said = self.init("--websocket", server.url.replace("http", "ws"), code=1)
        self.assertRegex(said, r"failed +WebSocket GET / .*200 instead of 101")
        self.assertIn("does not upgrade", said)

    def test_closes_at_once(self):
        server = self.start(TinyServer({"/": b""}))
        self.assertRegex(self.init("--sse", server.url, code=1), r"failed +SSE GET / .*ended before the response")

    def test_not_http(self):
        server = self.start(TinyServer({"/": b"SSH-2.0-\x00\xff\n"}))
        said = self.init("--sse", server.url, code=1)
        self.assertRegex(said, r"failed +SSE GET / .*(no HTTP|ended before)")
        self.assertIn(r"SSH-2.0-\x00\xff\n", said)

    def test_publishing_fails(self):
        answer = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\nboom"
        server = self.start(TinyServer({"/": EVENT_STREAM, "/say": answer}, held=("/",)))
        said = self.init("--sse", server.url, "--publish", f"POST {server.url}/say", code=1)
        self.assertRegex(said, r"failed +publish POST /say with \{payload\}: it answered 500")
        self.assertIn("boom", said)

    def test_the_message_does_not_arrive(self):
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        stream = EVENT_STREAM + b": hello\n\n"
        server = self.start(TinyServer({"/": stream, "/say": answer}, held=("/",)))
        said = self.init("--sse", server.url, "--publish", f"POST {server.url}/say", "--body", "{payload}",
                         "--listen", "0.2", code=1)
        self.assertRegex(said, r"failed +SSE: the message arrives: .*has not arrived within 0.2 s")
        self.assertIn("| : hello", said)

    def test_wrong_usage(self):
        for arguments, complaint in (((), "--sse URL or --websocket URL"),
                                     (("--sse", "ftp://x"), "no URL that begins with"),
                                     (("--sse", "ws://127.0.0.1/"), "http:// or https://"),
                                     (("--sse", "http://127.0.0.1:99999/"), "1 to 65535"),
                                     (("--sse", "http://h/", "--publish", "http://h/"), "a method and a URL"),
                                     (("--sse", "http://h/", "--publish", "POST http://i/"), "one address"),
                                     (("--sse", "http://h/", "--ca", "x"), "is for https"),
                                     (("--sse", "https://h/", "--ca", "x"), "read CA certificates from"),
                                     (("--sse", "http://h/", "--header", "x"), "'Name: value'"),
                                     (("--sse", "http://h/", "--publish", "POST http://h/", "--body", "x"),
                                      "holds no {payload}")):
            with self.subTest(arguments):
                process = self.squall("init", *arguments)
                self.assertEqual(process.returncode, 2, process.stdout)
                self.assertIn(complaint, process.stderr)


if __name__ == "__main__":
    unittest.main()

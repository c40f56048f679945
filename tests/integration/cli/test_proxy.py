"""squall proxy by itself: faults from the command line, and its control API, driven as a Toxiproxy client does."""
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from squall import REPOSITORY, SquallTest

sys.path.insert(0, str(REPOSITORY / "tests/crash"))
from play import EXAMPLES  # noqa: E402

DEADLINE = 60  # seconds, of whatever is waited for


class Echo:
    """A server that sends back what it gets; it ends with its client."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self.echo, args=(connection,), daemon=True).start()

    def echo(self, connection):
        with connection:
            try:
                while got := connection.recv(65536):
                    connection.sendall(got)
            except OSError:
                pass  # reset

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class ProxyTest(SquallTest):
    def setUp(self):
        super().setUp()
        self.echo = Echo()
        self.addCleanup(self.echo.close)

    def start(self, *arguments, lines):
        """Starts squall proxy; returns what it printed first."""
        self.process = subprocess.Popen(self.command("proxy", *arguments), env=self.environment, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.stop)
        return [self.process.stdout.readline() for _ in range(lines)]

    def stop(self):
        """Ends it as Ctrl-C does; returns what it printed last."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        if self.process.stdout.closed:
            return ""
        out, err = self.process.communicate(timeout=DEADLINE)
        self.assertEqual((self.process.returncode, err), (0, ""))
        return out

    def dial(self, address):
        host, port = address.rsplit(":", 1)
        connection = socket.create_connection((host, int(port)), timeout=DEADLINE)
        self.addCleanup(connection.close)
        return connection

    def round_trip(self, connection, text=b"hello"):
        """Seconds until it came back."""
        began = time.monotonic()
        connection.sendall(text)
        got = b""
        while len(got) < len(text):
            piece = connection.recv(65536)
            self.assertTrue(piece, "the connection has ended")
            got += piece
        self.assertEqual(got, text)
        return time.monotonic() - began


class CommandLine(ProxyTest):
    def test_a_fault_takes_effect_and_is_accounted_for(self):
        first, fault = self.start("--listen", "127.0.0.1:0", "--upstream", self.echo.address,
                                  "--fault", "proxy-latency delay=100ms direction=both", lines=2)
        self.assertEqual(fault, "  proxy-latency delay=100ms direction=both\n")
        connection = self.dial(first.split(" -> ")[0])
        self.assertGreaterEqual(self.round_trip(connection), 0.2)
        out = self.stop()
        self.assertIn("1 connections were open, and are reset", out)
        self.assertIn("of 10B on 1 connections the proxy kept 10B", out)
        with self.assertRaises(ConnectionResetError):
            connection.recv(1)

    def test_every_fault_of_the_proxy_is_taken(self):
        faults = {name: re.findall(r"([a-z_]+): ([^,}]+)", example.split("}")[0]) for name, (example, _) in EXAMPLES.items()
                  if name.startswith("proxy-")}
        self.assertGreaterEqual(len(faults), 8)
        uses = []
        for name, options in faults.items():
            written = {key: value.replace("silence", "rst") for key, value in options
                       if key not in ("fault", "share", "cohort")}
            uses += ["--fault", " ".join([name, *("=".join(option) for option in written.items())])]
        lines = self.start("--listen", "127.0.0.1:0", "--upstream", self.echo.address, *uses, lines=1 + len(faults))
        self.assertEqual(len(lines), 1 + len(faults))
        self.assertEqual(len(self.stop().splitlines()), 1 + len(faults))

    def refused(self, *arguments, message):
        process = self.squall("proxy", *arguments)
        self.assertEqual(process.returncode, 2)
        self.assertIn(message, process.stderr)

    def test_mistakes_are_named(self):
        both = ["--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1"]
        self.refused(message="--listen and --upstream, or --control")
        self.refused("--listen", "127.0.0.1:0", message="belong together")
        self.refused("--listen", "nowhere", "--upstream", "127.0.0.1:1", message="--listen: 'nowhere' is no address")
        self.refused("--control", "--fault", "proxy-cut bytes=1B", message="--fault is for the proxy of --listen")
        self.refused(*both, "--fault", "cpu-cap cores=1", message="'cpu-cap' is no fault of the proxy; those are proxy-")
        self.refused(*both, "--fault", "proxy-latency", message="delay: is required")
        self.refused(*both, "--fault", "proxy-latency delay", message="'delay' has no '='; expected OPTION=VALUE")
        self.refused(*both, "--fault", "proxy-latency delay=5", message="expected time")

    def test_an_address_that_is_taken(self):
        process = self.squall("proxy", "--listen", self.echo.address, "--upstream", "127.0.0.1:1")
        self.assertEqual(process.returncode, 4)
        self.assertIn("Address already in use", process.stderr)


class ControlApi(ProxyTest):
    def setUp(self):
        super().setUp()
        line, = self.start("--control", "127.0.0.1:0", lines=1)
        self.api = line.removeprefix("control: http://").strip()
        self.client = http.client.HTTPConnection(self.api, timeout=DEADLINE)
        self.addCleanup(self.client.close)

    def ask(self, method, path, body=None, status=200, **headers):
        """One request on the connection that is kept; its answer's JSON."""
        text = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
        self.client.request(method, path, text, {"Content-Type": "application/json", **headers})
        response = self.client.getresponse()
        answer = response.read()
        self.assertEqual(response.status, status, answer)
        return json.loads(answer) if answer else None

    def create(self, name="echo", **fields):
        return self.ask("POST", "/proxies", {"name": name, "listen": "127.0.0.1:0", "upstream": self.echo.address,
                                             **fields}, 201)

    def add(self, **toxic):
        return self.ask("POST", "/proxies/echo/toxics", toxic)

    def test_a_proxy_comes_changes_and_goes(self):
        proxy = self.create()
        self.assertEqual({**proxy, "listen": ""}, {"name": "echo", "listen": "", "upstream": self.echo.address,
                                                   "enabled": True, "toxics": []})
        connection = self.dial(proxy["listen"])
        self.round_trip(connection)
        self.assertEqual(self.ask("GET", "/proxies"), {"echo": proxy})
        down = self.ask("POST", "/proxies/echo", {**proxy, "enabled": False})
        self.assertEqual(down, {**proxy, "enabled": False})
        with self.assertRaises(ConnectionResetError):
            connection.recv(1)
        with self.assertRaises(ConnectionRefusedError):
            self.dial(proxy["listen"])
        self.assertEqual(self.ask("PATCH", "/proxies/echo", {"enabled": True}), proxy)
        self.round_trip(self.dial(proxy["listen"]))
        self.ask("DELETE", "/proxies/echo", status=204)
        with self.assertRaises(ConnectionRefusedError):
            self.dial(proxy["listen"])
        self.assertEqual(self.ask("GET", "/proxies/echo", status=404), {"error": "proxy not found", "status": 404})

    def test_a_toxic_takes_effect_until_it_is_removed(self):
        connection = self.dial(self.create()["listen"])
        self.round_trip(connection)
        toxic = self.add(type="latency", attributes={"latency": 200})
        self.assertEqual(toxic, {"name": "latency_downstream", "type": "latency", "stream": "downstream",
                                 "toxicity": 1.0, "attributes": {"latency": 200, "jitter": 0}})
        self.assertGreaterEqual(self.round_trip(connection), 0.2)
        self.assertEqual(self.ask("GET", "/proxies/echo")["toxics"], [toxic])
        self.assertEqual(self.ask("GET", "/proxies/echo/toxics"), [toxic])
        changed = self.ask("POST", "/proxies/echo/toxics/latency_downstream", {"attributes": {"latency": 86400000}})
        self.assertEqual(changed["attributes"], {"latency": 86400000, "jitter": 0})
        connection.sendall(b"hello")
        self.ask("DELETE", "/proxies/echo/toxics/latency_downstream", status=204)
        self.assertEqual(connection.recv(5, socket.MSG_WAITALL), b"hello", "what was held has come")
        self.assertEqual(self.ask("GET", "/proxies/echo/toxics"), [])

    def test_toxicity_is_the_share_of_connections(self):
        listen = self.create()["listen"]
        connections = [self.dial(listen) for _ in range(64)]
        for connection in connections:
            self.round_trip(connection)
        self.add(type="timeout", stream="upstream", toxicity=0.5, attributes={"timeout": 1})
        closed = 0
        for connection in connections:
            try:
                self.round_trip(connection)
            except (AssertionError, ConnectionError):
                closed += 1
        self.assertGreater(closed, 8)
        self.assertLess(closed, 56)

    def ended(self, connection):
        """What it still had to say, and how it ended."""
        got = b""
        try:
            while piece := connection.recv(65536):
                got += piece
        except ConnectionResetError:
            return got, "reset"
        return got, "fin"

    def test_limit_data_timeout_and_reset_peer_close(self):
        listen = self.create()["listen"]
        for toxic, expected in (({"type": "limit_data", "attributes": {"bytes": 3}}, (b"hel", "fin")),
                                ({"type": "timeout", "attributes": {"timeout": 100}}, (b"", "fin")),
                                ({"type": "reset_peer", "attributes": {"timeout": 100}}, (b"", "reset"))):
            with self.subTest(toxic["type"]):
                connection = self.dial(listen)
                self.round_trip(connection)
                self.add(**toxic)
                if expected[1] == "fin":
                    connection.sendall(b"hello")
                self.assertEqual(self.ended(connection), expected)
                self.ask("POST", "/reset", status=204)
                self.round_trip(self.dial(listen))

    def test_a_timeout_of_0_closes_when_it_is_removed(self):
        listen = self.create()["listen"]
        for _ in range(100):  # bytes that the proxy has not come to yet are not lost
            connection = self.dial(listen)
            self.round_trip(connection)
            self.add(type="timeout", stream="upstream", attributes={"timeout": 0})
            connection.sendall(b"lost")
            self.ask("DELETE", "/proxies/echo/toxics/timeout_upstream", status=204)
            if connection.recv(4) == b"":
                return
        self.fail("the bytes were never lost")

    def test_slow_close_slicer_and_bandwidth(self):
        listen = self.create()["listen"]
        self.add(type="slicer", stream="upstream", attributes={"average_size": 10, "size_variation": 5, "delay": 10})
        self.add(type="bandwidth", attributes={"rate": 100})
        self.add(type="slow_close", stream="upstream", attributes={"delay": 300})
        connection = self.dial(listen)
        self.assertGreaterEqual(self.round_trip(connection, b"x" * 20000), 0.15)
        began = time.monotonic()
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual(self.ended(connection), (b"", "fin"))
        self.assertGreaterEqual(time.monotonic() - began, 0.3)

    def test_populate_leaves_alone_what_is_right(self):
        first = self.ask("POST", "/populate", [{"name": "a", "upstream": self.echo.address},
                                               {"name": "b", "upstream": self.echo.address, "enabled": False}], 201)
        one, two = first["proxies"]
        self.assertEqual((one["enabled"], two["enabled"]), (True, False))
        connection = self.dial(one["listen"])
        self.round_trip(connection)
        self.assertEqual(self.ask("POST", "/populate", first["proxies"], 201), first)
        self.round_trip(connection)

    def test_mistakes_have_toxiproxys_shape(self):
        self.create()
        for method, path, body, status, message in (
                ("POST", "/proxies", "{", 400, "bad request body: not JSON"),
                ("POST", "/proxies", {"name": "x"}, 400, "missing required field: upstream"),
                ("POST", "/proxies", {"name": "x", "upstream": "[::1]:80"}, 400, "expected HOST:PORT, IPv4"),
                ("POST", "/proxies", {"name": "echo", "upstream": "127.0.0.1:1"}, 409, "proxy already exists"),
                ("POST", "/proxies", {"name": "x", "upstream": "127.0.0.1:1", "listen": self.api}, 500, "in use"),
                ("PUT", "/proxies", None, 405, "use GET or POST"),
                ("GET", "/nothing", None, 404, "there is nothing at '/nothing'"),
                ("GET", "/proxies/%zz", None, 400, "hexadecimal"),
                ("GET", "/proxies/echo/toxics/x", None, 404, "toxic not found"),
                ("POST", "/proxies/echo/toxics", {"type": "mars"}, 400, "'mars' is none of bandwidth, latency, "),
                ("POST", "/proxies/echo/toxics", {"type": "latency", "stream": "up"}, 400, "upstream or downstream"),
                ("POST", "/proxies/echo/toxics", {"type": "latency", "toxicity": 2}, 400, "0 to 1"),
                ("POST", "/proxies/echo/toxics", {"type": "latency", "attributes": {"delay": 1}}, 400,
                 "'delay' is no attribute of latency, which has latency, jitter"),
                ("POST", "/proxies/echo/toxics", {"type": "slicer"}, 400, "'average_size' is 0; expected"),
                ("POST", "/proxies/echo/toxics", {"type": "latency", "attributes": {"latency": -1}}, 400, "is -1")):
            with self.subTest(f"{method} {path} {body}"):
                answer = self.ask(method, path, body, status)
                self.assertEqual(answer["status"], status)
                self.assertIn(message, answer["error"])
        self.assertIn("version", self.ask("GET", "/version"))

    def test_what_is_no_client_of_the_api_is_refused(self):
        self.ask("GET", "/version", status=403, **{"User-Agent": "Mozilla/5.0"})
        self.client.close()
        self.ask("POST", "/reset", status=403, Origin="http://example.com")
        self.client.close()
        self.ask("POST", "/populate", " " * (2 << 20), status=413)
        self.client.close()
        self.ask("GET", "/" + "x" * 10000, status=431)
        self.client.close()
        self.client.request("POST", "/populate", iter([b"[", b"]"]), encode_chunked=True)
        self.assertEqual(self.client.getresponse().status, 411)
        with self.dial(self.api) as noise:
            noise.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
            self.assertIn(b"400 Bad Request", noise.recv(4096))


class Both(ProxyTest):
    def test_the_command_lines_proxy_is_in_the_api_and_stays(self):
        first, _, control = self.start("--listen", "127.0.0.1:0", "--upstream", self.echo.address, "--control",
                                       "127.0.0.1:0", "--fault", "proxy-latency delay=1ms", lines=3)
        client = http.client.HTTPConnection(control.removeprefix("control: http://").strip(), timeout=DEADLINE)
        self.addCleanup(client.close)
        client.request("GET", "/proxies")
        proxy = json.loads(client.getresponse().read())["squall"]
        self.assertEqual(f"{proxy['listen']} -> {proxy['upstream']}\n", first)
        client.request("DELETE", "/proxies/squall")
        response = client.getresponse()
        self.assertEqual((response.status, "--fault" in response.read().decode()), (409, True))
        self.round_trip(self.dial(proxy["listen"]))


if __name__ == "__main__":
    unittest.main()

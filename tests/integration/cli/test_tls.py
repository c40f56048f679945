"""A target behind TLS: subscribers of both protocols, publishers and probes reach it; what is wrong is named."""
import json
import os
import socketserver
import subprocess
import threading
import unittest

from squall import SquallTest, scenario
from tls_front import Authority, Front

PROFILE = """\
name: fronted
summary: The reference server behind a front that ends TLS.
address: {address}
host: push.example
ready: {{path: /readyz}}
sse: {{path: "/events?topic={{topic}}"}}
websocket: {{path: "/ws?topic={{topic}}"}}
publish:
  http: {{request: "POST /publish?topic={{topic}}"}}
  websocket: {{path: "/ws?topic={{topic}}&publish=only"}}
metrics:
  path: /metrics
  names:
    - {{metric: declared.connections, source: push_connections}}
tls: {{{tls}}}
"""
PUBLISHERS = """publishers:
  - {name: sockets, via: websocket, arrivals: {process: constant, rate: 20/s}, size: 1KiB}
"""


class Plain(socketserver.ThreadingTCPServer):
    @property
    def address(self):
        return "127.0.0.1:%d" % self.server_address[1]


class PlainHandler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(65536)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


class Tls(SquallTest):
    @classmethod
    def setUpClass(cls):
        binary = os.path.join(os.environ["REFERENCE_SERVER_DIR"], "squall-reference-server")
        cls.server = subprocess.Popen([binary, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        cls.address = json.loads(cls.server.stdout.readline())["address"]

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.stdout.close()
        cls.server.wait(30)

    def setUp(self):
        super().setUp()
        self.authority = Authority(self.directory / "pki")

    def front(self, names="DNS:push.example", days=30):
        front = Front(self.address, self.authority.certificate(names, days))
        self.addCleanup(front.stop)
        return front

    def profile(self, front, tls="ca: pki/ca.pem"):
        return self.write(PROFILE.format(address=front.address, tls=tls), "fronted.yaml")

    def refusal(self, front, tls="ca: pki/ca.pem"):
        process = self.squall("run", self.write(scenario()), "--target", self.profile(front, tls))
        self.assertEqual(process.returncode, 4, process.stdout + process.stderr)
        return process.stdout

    def test_everything_goes_through_it(self):
        everything = scenario("{fault: slow-reader, cohort: sse, share: 20%, for: 500ms}, "
                              "{fault: mass-disconnect, cohort: websocket, share: 50%, at: 500ms}",
                              "p99(delivery.latency{cohort=websocket}) < 10s always\n  - accounted(messages) == 100% "
                              "always\n  - max(target.ready) == 1 always", proxy="true")
        everything = everything.replace("publishers:\n", PUBLISHERS)
        front = self.front()
        for tls in ("ca: pki/ca.pem", "verify: false"):
            with self.subTest(tls):
                process, findings, run = self.run_scenario(everything, "--target", self.profile(front, tls))
                self.assertIsNotNone(run, process.stdout + process.stderr)
                for finding in ("accounted(messages) == 100% always", "max(target.ready) == 1 always",
                                "witness: slow-reader", "witness: mass-disconnect"):
                    self.assertEqual(findings[finding]["verdict"], "pass", json.dumps(findings, indent=1))
                # A host that is shared may make it inconclusive, but it was measured.
                latency = findings["p99(delivery.latency{cohort=websocket}) < 10s always"]
                self.assertGreater(latency["samples"], 0, latency)

    def test_whom_nobody_trusts(self):
        front = self.front()
        Authority(self.directory / "others", "somebody else")
        said = self.refusal(front, "ca: others/ca.pem")
        self.assertRegex(said, r"certificate \(CN = push\.example\) was refused: it was issued by CN = squall test CA")
        self.assertIn("OpenSSL: unable to get local issuer certificate", said)

    def test_expired(self):
        self.assertRegex(self.refusal(self.front(days=-1)), r"\(CN = push\.example\) was refused: it expired on ")

    def test_for_another_name(self):
        said = self.refusal(self.front("DNS:else.example"))
        self.assertIn("it is for DNS:else.example, and the server was asked for as push.example", said)
        process, findings, _ = self.run_scenario(
            scenario(duration="1s"), "--target",
            self.profile(self.front("DNS:else.example"), "ca: pki/ca.pem, server_name: else.example"))
        self.assertEqual(findings["count(connects) == 40 always"]["verdict"], "pass", process.stdout)

    def test_a_server_that_does_not_speak_it(self):
        server = Plain(("127.0.0.1", 0), PlainHandler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.assertIn("what answered does not speak TLS", self.refusal(server))

    def test_a_file_without_certificates(self):
        self.write("", "empty.pem")
        path = self.profile(self.front(), "ca: empty.pem")
        process = self.squall("run", self.write(scenario()), "--target", path)
        self.assertEqual(process.returncode, 2, process.stdout + process.stderr)
        self.assertRegex(process.stderr, r"fronted\.yaml.*tls\.ca: read CA certificates from .*empty\.pem")

    def test_faults_that_need_http_are_refused(self):
        path = self.write(scenario("{fault: proxy-upgrade-refused}", proxy="true"))
        process = self.squall("validate", path, "--target", self.profile(self.front()))
        self.assertEqual(process.returncode, 2, process.stdout)
        self.assertRegex(process.stderr, r"scenario\.yaml:\d+:\d+: .*fronted speaks TLS; proxy-upgrade-refused")


if __name__ == "__main__":
    unittest.main()

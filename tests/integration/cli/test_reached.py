"""A target that squall reaches and did not launch: what can be broken at it is, what cannot is refused before the run."""
import json
import os
import subprocess
import unittest

from squall import SquallTest, scenario

PROFILE = """\
name: running
summary: The reference server, started by hand.
address: {address}
ready: {{path: /readyz}}
sse: {{path: "/events?topic={{topic}}"}}
websocket: {{path: "/ws?topic={{topic}}"}}
publish:
  http: {{request: "POST /publish?topic={{topic}}"}}
metrics:
  path: /metrics
  names:
    - {{metric: declared.connections, source: push_connections}}
"""
FAULTS = """{fault: proxy-latency, delay: 5ms -> 50ms over 1s},
      {fault: slow-reader, cohort: sse, share: 20%, for: 500ms, every: 1s},
      {fault: mass-disconnect, cohort: websocket, share: 50%, at: 500ms}"""


class Reached(SquallTest):
    def setUp(self):
        super().setUp()
        binary = os.path.join(os.environ["REFERENCE_SERVER_DIR"], "squall-reference-server")
        self.server = subprocess.Popen([binary, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        listening = json.loads(self.server.stdout.readline())
        self.profile = self.write(PROFILE.format(address=listening["address"]), "running.yaml")

    def stop(self):
        self.server.terminate()
        self.server.stdout.close()
        self.server.wait(30)

    def test_faults_at_the_clients_and_in_the_proxy_work(self):
        process, findings, run = self.run_scenario(scenario(FAULTS, proxy="true"), "--target", self.profile)
        self.assertIsNotNone(run, process.stdout + process.stderr)
        for fault in ("proxy-latency", "slow-reader", "mass-disconnect"):
            with self.subTest(fault):
                self.assertEqual(findings[f"witness: {fault}"]["verdict"], "pass", json.dumps(findings, indent=1))
        self.assertIn("2 of 2 times", findings["witness: slow-reader"]["measured"])
        self.assertIsNone(self.server.poll(), "squall does not stop what it did not start")

    def test_without_a_proxy_subscribers_go_straight_there(self):
        process, findings, _ = self.run_scenario(scenario(), "--target", self.profile)
        self.assertEqual(findings["count(connects) == 40 always"]["verdict"], "pass", process.stdout + process.stderr)

    def test_the_rest_is_refused_before_the_run(self):
        faults = "{fault: cpu-cap, cores: 0.5}, {fault: packet-loss, loss: 1%}"
        path = self.write(scenario(faults, "max(target.memory) <= 1GiB always"))
        for command in (["run", path, "--out", "runs"], ["validate", path]):
            with self.subTest(command[0]):
                process = self.squall(*command, "--target", self.profile)
                self.assertEqual(process.returncode, 2, process.stdout + process.stderr)
                lines = [line for line in process.stderr.splitlines() if "and not launched" in line]
                self.assertEqual(len(lines), 3, process.stderr)
                for line, word in zip(lines, ("cpu-cap", "packet-loss", "target.memory")):
                    self.assertRegex(line, r"^\S+scenario\.yaml:\d+:\d+: .*" + word)
        self.assertFalse((self.directory / "runs").exists())


if __name__ == "__main__":
    unittest.main()

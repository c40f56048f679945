"""A target whose books lie is found out by name, though its totals agree and no invariant asks."""
import pathlib
import re
import sys
import unittest

from squall import SquallTest

TARGET = pathlib.Path(__file__).with_name("lying_target.py")

PROFILE = """\
name: lying
summary: A push server whose books can be made to lie.
launch: {{command: ["{python}", "{target}", "{{address}}", "{{port}}", {mode}]}}
sse: {{path: "/events?topic={{topic}}"}}
publish: {{http: {{request: "POST /publish?topic={{topic}}"}}}}
metrics:
  path: /metrics
  names:
    - {{metric: declared.drops, source: dropped_total}}
    - {{metric: declared.connections, source: open}}
    - {{metric: declared.disconnects, source: ended_total}}
log: {{event: {{key: event, value: disconnect}}, peer: peer, reason: reason, time: time, dropped: dropped, delivered: delivered}}
"""

SCENARIO = """\
name: books
summary: Four readers of one publisher.
cohorts:
  - {name: reader, protocol: sse, connections: 4, reconnect: {policy: none}}
publishers:
  - {name: ticker, arrivals: {process: constant, rate: 50/s}}
phases:
  - {name: baseline, duration: 1s}
invariants:
  - count(connects) == 4 always
"""


class Books(SquallTest):
    def play(self, mode):
        profile = self.write(PROFILE.format(python=sys.executable, target=TARGET, mode=mode), "profile.yaml")
        process, findings, run = self.run_scenario(SCENARIO, "--target", profile)
        self.assertIsNotNone(run, process.stdout + process.stderr)
        return process, findings, run

    def test_honest_books_balance(self):
        process, findings, run = self.play("honest")
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        self.assertEqual(findings["books: messages"]["verdict"], "pass")
        self.assertEqual(findings["books: connections"]["verdict"], "pass")

    def test_a_log_without_times_may_be_written_when_the_target_stops(self):
        process, findings, _ = self.play("buffers")
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        self.assertEqual(findings["books: messages"]["verdict"], "pass")
        self.assertEqual(findings["books: connections"]["verdict"], "pass")

    def test_drops_that_are_declared_for_somebody_else(self):
        process, findings, run = self.play("misattributes")
        self.assertEqual(process.returncode, 1, process.stdout + process.stderr)
        self.assertEqual(findings["books: connections"]["verdict"], "pass")
        finding = findings["books: messages"]
        self.assertEqual(finding["verdict"], "fail")
        loser = re.search(r"(\d+) missed and not declared dropped \(reader#(\d)\.1: missed (\d+), declared dropped 0\)",
                          finding["detail"])
        blamed = re.search(r"(\d+) declared dropped, but not missed \(reader#(\d)\.1: missed 0, declared dropped (\d+)\)",
                           finding["detail"])
        self.assertTrue(loser and blamed, finding["detail"])
        self.assertEqual({loser[1], loser[3]}, {blamed[1], blamed[3]}, "the totals agree")
        self.assertNotEqual(loser[2], blamed[2])
        judged = self.squall("judge", run["directory"])
        self.assertEqual(judged.returncode, 1, "from disk as well")
        self.assertIn(finding["detail"], judged.stdout)

    def test_an_eviction_that_is_logged_as_the_clients_own_end(self):
        process, findings, _ = self.play("excuses")
        self.assertEqual(process.returncode, 1, process.stdout + process.stderr)
        self.assertRegex(findings["books: connections"]["detail"],
                         r"^of 4 opened: 1 ended for another reason than declared "
                         r"\(reader#\d\.1: said slow_consumer, declared client_closed\)$")


if __name__ == "__main__":
    unittest.main()

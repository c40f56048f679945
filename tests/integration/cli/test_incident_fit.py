"""squall incident fit: what the record of an incident does not determine is searched for."""
import unittest

from squall import SquallTest

SCENARIO = """\
name: fitted
summary: The record of an incident, replayed.
target:
  settings: {queue_messages_high: 100, queue_messages_low: 50, handshake_deadline: 20s, send_buffer: 8KiB}
cohorts:
  - {name: healthy, protocol: sse, connections: 18}
  - {name: slow, protocol: sse, connections: 2, receive_buffer: 4KiB, reading: {mode: limited, rate: 8KiB/s}}
publishers:
  - {name: ticker, arrivals: {process: constant, rate: 50/s}, size: 1KiB}
phases:
  - {name: incident, duration: 1s}
invariants:
  - count(connects) == 20 always
record:
  source: trace.log
  series:
    - {name: users, measure: max(connections), unit: count, scale: 0.01, points: [[0, 2000], [1, 2000]]}
"""
FREE = "  free: [{what: slow-share, at: 10%, from: 5%, to: 50%}]   # of all\n"


class IncidentFit(SquallTest):
    def test_it_plays_as_often_as_it_may_and_writes_what_was_best(self):
        process = self.squall("incident", "fit", self.write(SCENARIO + FREE), "--runs", "3", "--seed", "5")
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        rows = [line.split() for line in process.stdout.splitlines()]
        self.assertEqual(rows[0], ["trial", "slow-share", "factor", "verdict", "run"])
        self.assertEqual([row[:2] for row in rows[1:3]], [["1", "10.0%"], ["2", "10.0%"]], "the same twice")
        self.assertEqual(rows[3][0], "3")
        self.assertNotEqual(rows[3][1], "10.0%")
        self.assertEqual(rows[1][2], "1.00", "users are what they were, whoever is slow")
        self.assertIn("undetermined: by itself it changed the factor 1.00-fold", process.stdout)
        self.assertEqual(process.stdout.splitlines()[-1], "scenario-fitted.yaml")
        fitted = (self.directory / "scenario-fitted.yaml").read_text()
        self.assertEqual(fitted, (SCENARIO + FREE).replace("at: 10%", "at: 10.0%"), "and nothing else is touched")
        self.assertEqual(len(list((self.directory / "runs").iterdir())), 3)

        again = self.squall("incident", "fit", "scenario.yaml")
        self.assertEqual(again.returncode, 2)
        self.assertIn("is there already", again.stderr)

    def test_where_nothing_can_be_compared_nothing_is_written(self):
        late = SCENARIO.replace("[[0, 2000], [1, 2000]]", "[[60, 2000], [61, 2000]]")  # when the replay has ended
        process = self.squall("incident", "fit", self.write(late + FREE), "--runs", "3")
        self.assertEqual(process.returncode, 3, process.stdout + process.stderr)
        self.assertIn("nothing is written", process.stderr)
        self.assertNotIn("at the best values", process.stdout)
        self.assertFalse((self.directory / "scenario-fitted.yaml").exists())

    def test_what_cannot_be_fitted_is_refused(self):
        stopped = "1s, faults: [{fault: slow-reader, mode: stopped, cohort: slow, subscriber: 2}]"
        for text, word in ((SCENARIO, "has no free parameters"),
                           ((SCENARIO + FREE).replace("duration: 1s", "duration: " + stopped),
                            "with slow-share at 5.00%: subscriber: cohort 'slow' has 1 connections only"),
                           (SCENARIO + FREE.replace("at: 10%", "at: 20%"), "the scenario has it at 10.0%")):
            process = self.squall("incident", "fit", self.write(text))
            self.assertEqual(process.returncode, 2, process.stdout)
            self.assertIn(word, process.stderr)
        self.assertEqual(self.squall("incident").returncode, 2)


if __name__ == "__main__":
    unittest.main()

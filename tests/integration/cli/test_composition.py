"""Several faults at once, each on its own schedule; two that cannot be are a mistake."""
import json
import unittest

from squall import SquallTest, scenario

FAULTS = """{fault: freeze, for: 100ms, every: 1s, every_jitter: 300ms},
      {fault: packet-loss, loss: 0% -> 20% over 1s},
      {fault: packet-loss, name: second-loss, cohort: sse, loss: 10%, at: 500ms},
      {fault: proxy-latency, delay: 5ms -> 50ms over 2s, at: 200ms, for: 2500ms},
      {fault: no-pong, share: 20%, for: 1800ms, every: 2s},
      {fault: mass-disconnect, cohort: websocket, subscriber: 7, at: 300ms}"""
TIMES = {"freeze": 4, "packet-loss": 1, "second-loss": 1, "proxy-latency": 1, "no-pong": 2, "mass-disconnect": 1}


class Composition(SquallTest):
    def played(self, *arguments):
        process, findings, run = self.run_scenario(scenario(FAULTS, duration="4s", proxy="true"), *arguments)
        self.assertIsNotNone(run, process.stdout + process.stderr)
        facts = json.loads((self.directory / run["directory"] / "facts.json").read_text())["facts"]
        return process, findings, facts["injections"]

    def test_they_come_bite_and_go(self):
        process, findings, injections = self.played()
        times = {name: sum(each["name"] == name for each in injections) for name in TIMES}
        self.assertEqual(times, TIMES)
        for name in TIMES:
            with self.subTest(name):
                self.assertEqual(findings[f"witness: {name}"]["verdict"], "pass", json.dumps(findings, indent=1))
        for each in injections:
            self.assertEqual((each["error"], each["heal_error"]), ("", ""))
            self.assertGreater(each["healed_at_ns"], each["injected_at_ns"])
        self.assertIn("4 of 4 times", findings["witness: freeze"]["measured"])
        one = next(each for each in injections if each["name"] == "mass-disconnect")
        self.assertEqual(one["witness"]["connections"], 1)
        self.assertIn("freeze (2 of 4) in force", process.stderr)

    def test_two_that_cannot_be_in_force_at_once_are_a_mistake(self):
        faults = "{fault: cpu-cap, cores: 0.5}, {fault: cpu-cap, name: again, cores: 0.2, at: 1s}"
        process = self.squall("validate", self.write(scenario(faults)))
        self.assertEqual(process.returncode, 2, process.stderr)
        self.assertRegex(process.stderr, r"scenario\.yaml:\d+:\d+: fault: 'cpu-cap' and 'again' would be in force at once")

    def test_explain_tells_the_schedule(self):
        text = self.squall("explain", self.write(scenario(FAULTS, duration="4s", proxy="true"))).stdout
        self.assertIn("freeze from 0s for 100ms every 1s, 4 times, each up to 300ms later", text)
        self.assertIn("mass-disconnect from 300ms, at one subscriber of cohort websocket", text)


if __name__ == "__main__":
    unittest.main()

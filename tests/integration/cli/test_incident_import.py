"""squall incident import: from a record to a scenario that can be played, and the reason where there is none."""
import re
import unittest

import yaml

from squall import REPOSITORY, SquallTest

EXAMPLES = REPOSITORY / "docs" / "how-to" / "incident"


class Import(SquallTest):
    def import_(self, *arguments, code=0):
        process = self.squall("incident", "import", *arguments)
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        return process.stdout if code == 0 else process.stderr

    def imported(self, name):
        output = self.directory / (name + ".yaml")
        said = self.import_(EXAMPLES / name, "--scale", "1:200", "--speed", "4x", "--output", output)
        self.assertIn("everything was recognised", said)
        scenario = yaml.safe_load(output.read_text())
        scenario["name"] = scenario["summary"] = scenario["record"]["source"] = "the same"
        for series in scenario["record"]["series"]:
            series["name"] = "the same"
        return scenario

    def test_three_formats_give_one_scenario(self):
        log, prometheus, csv = map(self.imported, ("broadcast.log", "broadcast.json", "broadcast.csv"))
        self.assertEqual(log, prometheus)
        self.assertEqual(log, csv)
        self.assertEqual(len(log["record"]["series"]), 7)
        self.assertEqual({free["what"] for free in log["record"]["free"]}, {"slow-share", "slow-rate", "queue-bound"})

    def test_what_was_written_is_valid(self):
        self.import_(EXAMPLES / "broadcast.log")
        process = self.squall("validate", "broadcast.yaml")
        self.assertEqual(process.returncode, 0, process.stderr)

    def test_what_is_there_is_not_replaced(self):
        self.write("mine", "broadcast.yaml")
        self.assertIn("broadcast.yaml is there already", self.import_(EXAMPLES / "broadcast.log", code=2))
        self.assertEqual((self.directory / "broadcast.yaml").read_text(), "mine")

    def test_unreadable_records_are_refused_with_line_and_reason(self):
        for name, text, said in (
                ("a.log", "14:23:45 memory: 8 GB\n14:23:46 memory: 8QB\n", "a.log:2:18: memory: '8QB' is no number"),
                ("b.log", "nothing here has a time\n", "b.log:1:1: does not begin with a time"),
                ("c.csv", "time,a\n0,1\n1,2,3\n", "c.csv:3:1: has 3 cells, and the header has 2"),
                ("d.json", '{"status":\n  oops}', "d.json:2:3: is no JSON from here on"),
                ("e.json", '{"status":"success","data":{"resultType":"vector","result":[]}}',
                 "'vector', which is one instant"),
                ("f.log", "", "f.log:1:1: is empty")):
            with self.subTest(name):
                self.write(text, name)
                self.assertIn(said, self.import_(name, code=2))
                self.assertFalse(list(self.directory.glob("*.yaml")))
        self.assertIn("none.log", self.import_("none.log", code=2))

    def test_a_map_says_what_a_name_means(self):
        self.write("0 goroutines: 500 gc pauses: 30\n30 goroutines: 900 gc pauses: 40\n", "it.log")
        self.assertIn("nothing was recognised of goroutines, gc pauses: ", self.import_("it.log", code=2))
        said = self.import_("it.log", "--map", "gc pauses=connections", "--output", "a.yaml")
        self.assertRegex(said, r"not recognised[^\n]*\n +goroutines +500 … 900, 2 points\n")
        said = self.import_("it.log", "--map", "goroutines=connections", "--map", "gc pauses=ignore")
        self.assertRegex(said, r"\n +goroutines +connections +500 … 900")
        self.assertNotIn("not recognised", said)
        said = self.import_("it.log", "--map", "goroutines=conections", "--output", "b.yaml", code=2)
        self.assertIn("did you mean 'connections'?", said)
        self.assertIn("no NAME=WORD", self.import_("it.log", "--map", "goroutines", "--output", "b.yaml", code=2))
        self.assertIn("--scale: '1:none'", self.import_("it.log", "--scale", "1:none", code=2))

    def test_it_is_played_as_it_was(self):
        """A record of a few seconds: connections that come, a death, and what was published in between."""
        self.write("0 connections: 40 publish rate: 20/s message size: 200 B memory: 8 MB\n"
                   "3 hub crashed\n"
                   "6 connections: 40 publish rate: 20/s message size: 200 B memory: 9 MB\n", "it.log")
        self.import_("it.log")
        process, findings, run = self.run_scenario((self.directory / "it.yaml").read_text())
        self.assertIsNotNone(run, process.stderr)
        self.assertEqual(findings["witness: kill-1"]["verdict"], "pass", process.stdout)
        self.assertTrue(re.search(r"pass +target: restarted", process.stdout), process.stdout)


if __name__ == "__main__":
    unittest.main()

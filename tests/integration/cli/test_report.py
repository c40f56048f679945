"""Saved runs drawn and compared; what is written for machines is as its published schema says."""
import json
import pathlib
import shutil
import tempfile
import unittest

import jsonschema

from squall import REPOSITORY, SquallTest, scenario


def schema(name):
    return json.loads((REPOSITORY / "docs" / "reference" / f"{name}.schema.json").read_text())


RECORD = """
record:
  source: trace.log
  series:
    - {name: users, measure: max(connections), unit: count, scale: 0.01, points: [[0, 4000], [1, 4000]]}
    - {name: too late, measure: max(target.memory), unit: B, points: [[600, 1], [700, 1]]}
"""


class Reports(SquallTest):
    kept = None  # one run is enough for all

    def setUp(self):
        super().setUp()
        if Reports.kept is None:
            process, _, Reports.played = self.run_scenario(scenario() + RECORD, "--html", self.directory / "html", "--markdown",
                                                           self.directory / "summary.md")
            self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
            Reports.kept = pathlib.Path(self.enterClassContext(tempfile.TemporaryDirectory(prefix="squall-kept-")))
            shutil.copytree(self.directory, Reports.kept, dirs_exist_ok=True)
        shutil.copytree(Reports.kept, self.directory, dirs_exist_ok=True)
        self.saved = self.directory / self.played["directory"]

    def compared(self, a, b, code, *options):
        process = self.squall("compare", a, b, *options)
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        return process.stdout + process.stderr

    def judged_by(self, invariant, name):
        """The same run under another invariant of the same name."""
        copy = self.directory / name
        shutil.copytree(self.saved, copy)
        text = scenario(invariant="{name: it, expect: " + json.dumps(invariant) + "}")
        (copy / "scenario.yaml").write_text(text)
        return copy

    def test_a_run_leaves_pages_and_a_summary(self):
        index = (self.directory / "html" / "index.html").read_text()
        page = pathlib.Path(self.played["directory"]).name + ".html"
        self.assertIn(f'href="./{page}"', index)
        self.assertIn("</html>", (self.directory / "html" / page).read_text())
        self.assertIn("quick", (self.directory / "summary.md").read_text())

    def test_a_saved_run_is_drawn_beside_itself_or_where_it_is_wanted(self):
        process = self.squall("report", self.saved)
        self.assertEqual(process.returncode, 0, process.stderr)
        page = (self.saved / "report.html").read_text()
        self.assertIn("count(connects) == 40 always", page)
        self.assertIn("squall run", page)
        elsewhere = self.directory / "new" / "one.html"
        self.assertEqual(self.squall("report", self.saved, "--html", elsewhere).returncode, 0)
        self.assertEqual(elsewhere.read_text(), page, "the same run gives the same page")

    def test_what_is_no_run_is_refused(self):
        process = self.squall("report", self.directory / "html")
        self.assertEqual(process.returncode, 2)
        self.assertIn("is not a run directory", process.stderr)
        self.assertEqual(self.squall("report", self.saved, self.saved, "--html", "one.html").returncode, 2)

    def test_many_runs_in_one_file_are_refused_before_they_are_played(self):
        process = self.squall("run", self.write(scenario()), "--repeat", "2", "--html", "one.html")
        self.assertEqual(process.returncode, 2)
        self.assertIn("--html", process.stderr)

    def test_what_machines_read_is_as_published(self):
        verdict = json.loads((self.saved / "verdict.json").read_text())
        jsonschema.validate(verdict, schema("verdict"))
        jsonschema.validate(json.loads((self.directory / "report.json").read_text()), schema("runs"))
        target = self.directory / "compared.json"
        self.compared(self.saved, self.saved, 0, "--json", target)
        jsonschema.validate(json.loads(target.read_text()), schema("comparison"))

    def test_a_replay_is_held_against_its_record(self):
        record = json.loads((self.saved / "verdict.json").read_text())["record"]
        users, late = record["series"]
        self.assertEqual((users["recorded"], users["replayed"], users["factor"]),
                         ({"min": 40, "max": 40}, {"min": 40, "max": 40}, 1))
        self.assertIsNone(late["factor"])
        self.assertIn("samples at 0 of 2", late["problem"])
        self.assertRegex(self.squall("judge", self.saved).stdout, r"users +40 +40 +1\.00 ")

    def test_compare_is_a_gate(self):
        held = self.judged_by("count(connects) == 40 always", "held")
        violated = self.judged_by("count(connects) == 41 always", "violated")
        unknown = self.judged_by("p99(queue.depth) <= 1000 during pressure", "unknown")
        (unknown / "gauges.jsonl").write_text('{"format":"squall.gauges","version":1}\n')
        self.compared(held, held, 0)
        self.assertIn("pass -> fail", self.compared(held, violated, 1, "--html", self.directory / "c.html",
                                                    "--markdown", self.directory / "c.md"))
        self.assertIn("worse", (self.directory / "c.md").read_text())
        self.compared(violated, held, 0)
        self.compared(held, unknown, 3)

    def test_other_scenarios_are_not_compared(self):
        copy = self.directory / "other"
        shutil.copytree(self.saved, copy)
        (copy / "scenario.yaml").write_text(scenario(duration="3s"))
        self.assertIn("the phases are others", self.compared(self.saved, copy, 2))
        self.compared(self.saved, self.directory / "nowhere", 2)


if __name__ == "__main__":
    unittest.main()

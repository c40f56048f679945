"""The library of incidents: what it names is there, its pages hold its texts, and the shortest of it comes as it says."""
import os
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration/cli"))

import incidents
from squall import REPOSITORY, SquallTest, skip_without_root

ADVICE = "run ci/incidents --write-docs, or --write-texts where words alone have changed"


def seconds(scenario):
    """About, of all its plays."""
    units = {"ms": 1e-3, "s": 1, "m": 60}
    lasts = [re.fullmatch(r"([0-9.]+) ?(ms|s|m)", phase["duration"]) for phase in scenario["phases"]]
    return sum(float(match[1]) * units[match[2]] for match in lasts) * len(scenario["incident"]["servers"])


class Library(unittest.TestCase):
    def test_numbers_are_unique_and_names_are_no_other_scenario_s(self):
        numbers = [scenario["incident"]["number"] for scenario in incidents.incidents()]
        self.assertEqual(len(set(numbers)), len(numbers))
        names = {scenario["name"] for scenario in incidents.incidents()}
        self.assertEqual({file.stem for file in incidents.LIBRARY.glob("*.yaml")}, names)
        others = {file.stem for suite in ("core", "certification") for file in (incidents.LIBRARY.parent / suite).glob("*")}
        self.assertEqual(names & others, set(), "squall run NAME takes the first of that name")

    def test_every_flaw_that_is_named_exists(self):
        known = {file.stem for file in (REPOSITORY / "reference-server/mutants").glob("*.patch")}
        named = {server["flaw"] for scenario in incidents.incidents() for server in scenario["incident"]["servers"]
                 if "flaw" in server}
        self.assertEqual(named - known, set())

    def test_the_pages_hold_these_texts(self):
        for scenario in incidents.incidents():
            with self.subTest(scenario["name"]):
                page = (incidents.PAGES / f"{scenario['name']}.md").read_text()
                self.assertEqual(page.split("\n" + incidents.REPLAY)[0], incidents.described(scenario), ADVICE)
        names = [scenario["name"] for scenario in incidents.incidents()]
        listed = re.findall(r"^\| \d+ \| \[([a-z0-9-]+)\]", (incidents.PAGES / "README.md").read_text(), re.M)
        self.assertEqual(list(dict.fromkeys(listed)), names, ADVICE)
        self.assertEqual({file.stem for file in incidents.PAGES.glob("*.md")} - {"README"}, set(names), ADVICE)


class Plays(SquallTest):
    @skip_without_root()
    @unittest.skipUnless(os.access(pathlib.Path(os.environ["SQUALL"]).parent / "mutants", os.X_OK),
                         "the flawed servers are not in this build")
    def test_the_shortest_comes_as_it_says(self):
        shortest = min(incidents.incidents(), key=seconds)
        process = self.squall("reproduce", shortest["name"])
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)


if __name__ == "__main__":
    unittest.main()

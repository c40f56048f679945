"""The table of cases in docs/reference/certification.md, from suites/catalogue/certification/*.yaml.

usage: cases_table.py [--write]
"""
import pathlib
import sys

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SUITE = REPOSITORY / "suites/catalogue/certification"
PAGE = REPOSITORY / "docs/reference/certification.md"
BEGIN, END = "<!-- cases: written by tests/certification/cases_table.py --write -->\n", "<!-- end of cases -->\n"


def cases():
    """By id."""
    scenarios = [yaml.safe_load(file.read_text()) for file in SUITE.glob("*.yaml")]
    return sorted(scenarios, key=lambda scenario: [int(part) for part in scenario["certify"]["id"].split(".")])


def protocols(scenario):
    asked = {cohort["protocol"] for cohort in scenario["cohorts"]}
    return "both" if asked == {"any"} else " ".join(sorted(asked))


def requirements(scenario, wanted):
    invariants = [one for one in scenario["invariants"] if one.get("requirement", "must") == wanted]
    return "; ".join(one["name"] for one in invariants)


def table():
    head = ["id", "case", "over", "level", "quick", "what is done", "MUST", "SHOULD", "source"]
    rows = [head, ["---"] * len(head)]
    for scenario in cases():
        certify = scenario["certify"]
        rows.append([certify["id"], f"`{scenario['name']}`", protocols(scenario), certify.get("level", ""),
                     "yes" if certify.get("quick") else "", scenario["summary"], requirements(scenario, "must"),
                     requirements(scenario, "should"), " ".join(certify["source"].split())])
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)


def page_with_table(text):
    before, rest = text.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(page_with_table(PAGE.read_text()))
    else:
        print(table(), end="")

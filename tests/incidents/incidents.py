"""Plays the incidents of the catalogue, says what came otherwise than they say, and writes docs/incidents.

Nothing here knows an incident by name: suites/catalogue/incidents/*.yaml, and what `squall reproduce --json` says, are all
there is.

usage: incidents.py [N] [--write-docs | --write-texts] [--only NAME]...      environment: SQUALL
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import textwrap

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = REPOSITORY / "suites/catalogue/incidents"
PAGES = REPOSITORY / "docs/incidents"
OUTPUT = pathlib.Path(os.environ["SQUALL"]).resolve().parent.parent / "incidents"  # what the plays of this build came to
WRITTEN = "<!-- Written by `ci/incidents --write-docs`. The test incidents fails when texts are not the present ones. -->"
REPLAY = "## The last replay\n"


def incidents():
    """By number."""
    scenarios = [yaml.safe_load(file.read_text()) for file in LIBRARY.glob("*.yaml")]
    return sorted(scenarios, key=lambda scenario: scenario["incident"]["number"])


def reproduce(names, round):
    """What squall says of one round, as its JSON has it."""
    report = OUTPUT / f"reproduced-{round + 1}.json"
    report.unlink(missing_ok=True)
    seed = ["--seed", str(100 + round)] if round else []  # a first time as they are
    process = subprocess.run([os.environ["SQUALL"], "reproduce", *(names or ["--all"]), *seed, "--json", report,
                              "--junit", OUTPUT / "junit.xml", "--out", OUTPUT / "runs"])
    if not report.exists():
        raise RuntimeError(f"squall reproduce wrote no report, and exited with {process.returncode}")
    said = json.loads(report.read_text())
    if process.returncode != said["exit_code"]:
        raise RuntimeError(f"squall reproduce exited with {process.returncode}, and says {said['exit_code']}")
    return said


def different(report):
    """A line for each server that was not as the incident says."""
    return [f"{incident['name']}: {server['name']} ({server['is']}): {server['outcome']}: {server['reason']}; "
            f"{server['directory']}" for incident in report["incidents"] for server in incident["servers"]
            if server["outcome"] not in ("as said", "observed")]


def not_played(report):
    return [f"{incident['name']}: {server['name']}: {server['reason']}" for incident in report["incidents"]
            for server in incident["servers"] if not server["directory"]]


def _row(cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def _table(head, rows):
    return _row(head) + _row(["---"] * len(head)) + "".join(_row(row) for row in rows)


def _flat(text):
    return " ".join(str(text).split())


def _wrapped(text):
    return textwrap.fill(_flat(text), 120, break_long_words=False, break_on_hyphens=False)


def _margin(finding):
    return "" if finding["margin"] is None else f"{finding['margin']:+.0%}"


def _when(finding):
    return finding["phase"] if finding["since_ns"] is None else f"since {finding['since_ns'] / 1e9:.2f} s"


def _source(text):
    return f"<{text}>" if text.startswith("http") else text


def _what(server):
    """The server in words: what is started, and how."""
    target = server.get("target", "reference-server")
    words = [f"`{target}`"]
    if flaw := server.get("flaw"):
        words = [f"[`{flaw}`](../reference/mutants.md#the-flaws)"]
    words += [f"`{name}: {value}`" for name, value in server.get("settings", {}).items()]
    return ", ".join(words)


def described(scenario):
    """A page's first part: what the YAML says."""
    incident = scenario["incident"]
    servers = _table(["server", "is", "what it is", "fails by", "note"],
                     [[f"`{server['name']}`", server["is"], _what(server), server.get("fails", ""),
                       _flat(server.get("note", ""))] for server in incident["servers"]])
    fails = dict.fromkeys(server["fails"] for server in incident["servers"] if "fails" in server)
    expressions = {one["name"]: _flat(one["expect"]) for one in scenario["invariants"] if "name" in one}
    return "\n".join([
        f"# {incident['number']}. {scenario['name']}\n", WRITTEN, "", _wrapped(scenario["summary"]), "",
        _wrapped(incident["story"]), "", *(f"- {_source(str(source))}" for source in incident["sources"]), "",
        "## Scale\n", _wrapped(incident["scale"]), "", "## Servers\n", servers,
        *(f"- {name}: `{expressions[name]}`" for name in fails), "",
        "```", f"squall reproduce {scenario['name']}", "```", ""])


def _telling(result, server):
    """Invariants that tell the servers apart: those that flawed ones fail by."""
    flawed = [other["fails"] for other in result["servers"] if other["fails"]]
    return [server["fails"]] if server["fails"] else list(dict.fromkeys(flawed))


def findings(result):
    """[server, is, verdict, finding or None for each invariant that tells the servers apart]"""
    for server in result["servers"]:
        known = {finding["name"]: finding for finding in server["findings"]}
        verdict = server["verdict"] if server["directory"] else "not played"
        for name in _telling(result, server):
            yield server, verdict, name, known.get(name)


def _cells(finding):
    return [finding["measured"], finding["bound"], _margin(finding), _when(finding)] if finding else [""] * 4


def _also(server, told):
    others = [finding["name"] for finding in server["findings"] if finding["verdict"] == "fail"
              and finding["requirement"] != "informational" and finding["name"] not in told]
    return f"- `{server['name']}` fails as well by: {'; '.join(others)}\n" if others else ""


def replayed(result):
    """A page's second part: what the last replay came to."""
    rows = [[f"`{server['name']}`", verdict, name, *_cells(finding)] for server, verdict, name, finding in findings(result)]
    text = REPLAY + "\n" + _table(["server", "verdict", "invariant", "measured", "bound", "margin", "when"], rows)
    notes = "".join(_also(server, _telling(result, server)) for server in result["servers"])
    notes += "".join(f"- `{server['name']}`: {server['reason']}\n" for server in result["servers"] if server["reason"])
    notes += "".join(f"- `{server['name']}` is {server['version']}\n" for server in result["servers"]
                     if server["version"] and server["target"] != "reference-server")
    text += "\n" + notes if notes else ""
    if result["figures"]:
        names = [server["name"] for server in result["servers"]]
        rows = [[figure["figure"], figure["reported"], *(figure["replayed"][name] or "-" for name in names)]
                for figure in result["figures"]]
        text += "\n## Figures\n\n" + _table(["figure", "reported", *(f"`{name}`" for name in names)], rows)
    return text


def index_rows(result):
    """Of the index: what the YAML says, then what the replay came to."""
    link = f"[{result['name']}]({result['name']}.md)"
    return [[result["number"], link, f"`{server['name']}`", server["is"], name, verdict, *_cells(finding)[:3]]
            for server, verdict, name, finding in findings(result)]


def index(results):
    rows = [row for result in results for row in index_rows(result)]
    head = ["", "incident", "server", "is", "invariant", "verdict", "measured", "bound", "margin"]
    seconds = sum(server["seconds"] for result in results for server in result["servers"])
    return INDEX.format(written=WRITTEN, count=len(results), rows=_table(head, rows), minutes=seconds / 60)


INDEX = """\
# Incidents

{written}

{count} production incidents, replayed on one machine: the server as it was fails, by the invariant that would have paged
somebody earlier; the server as it was mended passes. Where the real server is still as it was, it is played beside them.

```
squall reproduce --all          # {minutes:.0f} minutes on two cores
squall reproduce NAME
```

Figures are those of the run that wrote this page, and differ from run to run. [How to reproduce an
incident](../how-to/reproduce-an-incident.md), and one of your own.

{rows}"""


def write_docs(results):
    PAGES.mkdir(exist_ok=True)
    by_name = {result["name"]: result for result in results}
    for scenario in incidents():
        (PAGES / f"{scenario['name']}.md").write_text(described(scenario) + "\n" + replayed(by_name[scenario["name"]]))
    (PAGES / "README.md").write_text(index(results))


def write_texts():
    """After a change of words: what the last replay came to stays."""
    for scenario in incidents():
        page = PAGES / f"{scenario['name']}.md"
        page.write_text(described(scenario) + "\n" + REPLAY + page.read_text().split(REPLAY)[1])


def _positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rounds", nargs="?", type=_positive, default=1, metavar="N", help="how often each is played")
    parser.add_argument("--write-docs", action="store_true", help=f"write {PAGES.relative_to(REPOSITORY)}")
    parser.add_argument("--write-texts", action="store_true", help="play nothing, and write what the YAML says")
    parser.add_argument("--only", action="append", metavar="NAME", help="this one; may be given several times")
    arguments = parser.parse_args()
    if arguments.write_docs and arguments.only:
        parser.error("--write-docs needs the plays of all incidents")
    if arguments.write_texts:
        write_texts()
        return 0
    OUTPUT.mkdir(exist_ok=True)
    wrong = []
    for round in range(arguments.rounds):
        report = reproduce(arguments.only, round)
        wrong += [f"round {round + 1}: {line}" for line in different(report)]
    for line in wrong:
        print(f"wrong: {line}")
    print(f"{arguments.rounds} rounds of {len(report['incidents'])} incidents: {len(wrong)} servers were not as said")
    for line in not_played(report):
        print(f"missing: {line}")
    if wrong:
        return 1
    if arguments.write_docs:
        if not_played(report):
            parser.error("--write-docs needs all servers: `ci/install servers`")
        write_docs(report["incidents"])
        print(f"written: {PAGES}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

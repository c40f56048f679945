"""The matrix: what each case of the core suite makes of the reference server, and of the reference server with a flaw.

A case names in `catches` the mutants that it has to catch, each with the invariant that must fail. Nothing here knows a
mutant or a case by name: reference-server/mutants/NAME.patch and suites/catalogue/core/*.yaml are all there is. What an
incident (suites/catalogue/incidents) is played on and fails by is known here and played by `squall reproduce`.

usage: matrix.py [--write-docs] [--all] [MUTANT...]      environment: SQUALL, REFERENCE_SERVER_DIR
"""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SUITE = REPOSITORY / "suites/catalogue/core"
INCIDENTS = REPOSITORY / "suites/catalogue/incidents"
PATCHES = REPOSITORY / "reference-server/mutants"
PAGE = REPOSITORY / "docs/reference/mutants.md"
SERVER = pathlib.Path(os.environ["REFERENCE_SERVER_DIR"])
OUTPUT = SERVER.parent / "mutants"  # what the plays of this build came to

# Mutants are played this many at a time, and so may take each other's CPUs; or the host is shared. The rig then says that
# it could not tell, and may look again, alone, this often. A verdict on the invariant that counts is never asked for twice.
BESIDE_EACH_OTHER = 2
REPEATS_MAX = 5  # a neighbour that takes the CPUs may do so for half a minute
PLAY_SECONDS_MAX = 120


@dataclasses.dataclass(frozen=True)
class Pair:
    """A case, a mutant that it has to catch, and the invariant that must fail."""
    mutant: str
    case: str
    invariant: str


@dataclasses.dataclass
class Play:
    """One play of a case that came to a verdict, or that none of the repeats got one out of."""
    exit_code: int
    verdict: str
    findings: dict  # by name
    seconds: float
    inconclusive_before: int = 0

    def is_unclear(self, invariant):
        finding = self.findings.get(invariant)
        return self.verdict == "inconclusive" or (finding is not None and finding["verdict"] == "inconclusive")

    def failed(self):
        return [name for name, finding in self.findings.items()
                if finding["verdict"] == "fail" and finding["requirement"] != "informational"]


def cases():
    """name -> scenario, of the core suite."""
    scenarios = [yaml.safe_load(file.read_text()) for file in sorted(SUITE.glob("*.yaml"))]
    return {scenario["name"]: scenario for scenario in scenarios}


def mutants():
    """name -> what is wrong with it: the text above its patch."""
    return {file.stem: file.read_text().split("\n--- a/", 1)[0].strip() for file in sorted(PATCHES.glob("*.patch"))}


def pairs():
    return sorted((Pair(mutant, case, invariant) for case, scenario in cases().items()
                   for mutant, invariant in scenario.get("catches", {}).items()),
                  key=lambda pair: (pair.mutant, pair.case))


def incident_pairs():
    """As pairs(), with incidents in the place of cases."""
    scenarios = [yaml.safe_load(file.read_text()) for file in INCIDENTS.glob("*.yaml")]
    return sorted((Pair(server["flaw"], scenario["name"], server["fails"]) for scenario in scenarios
                   for server in scenario["incident"]["servers"] if "flaw" in server),
                  key=lambda pair: (pair.mutant, pair.case))


class Player:
    """Plays cases, with profiles and a state directory of its own."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="squall-mutants-")
        self._home = pathlib.Path(self._directory.name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._directory.cleanup()

    def _write_profile(self, mutant, file):
        """The reference server's own profile, but for the program."""
        profile = yaml.safe_load((REPOSITORY / "suites/profiles/reference-server.yaml").read_text())
        profile["name"] = mutant
        profile["launch"]["command"][0] = str(SERVER / "mutants" / mutant)
        file.write_text(json.dumps(profile))  # JSON is YAML

    def _play_once(self, case, mutant, protocol=None):
        report, profile = (self._home / f"{case}-{mutant}.{what}" for what in ("json", "yaml"))
        report.unlink(missing_ok=True)
        if mutant:
            self._write_profile(mutant, profile)
        target = ["--target", profile] if mutant else []
        target += ["--protocol", protocol] if protocol else []
        began = time.monotonic()
        process = subprocess.run([os.environ["SQUALL"], "run", case, *target, "--json", report, "--out", OUTPUT / "runs"],
                                 cwd=self._home, env=dict(os.environ, SQUALL_STATE_DIR=str(self._home / "state")),
                                 text=True, capture_output=True, timeout=PLAY_SECONDS_MAX)
        if not report.exists():
            raise RuntimeError(f"squall run {case} on {mutant or 'the server'} wrote no report, and exited with "
                               f"{process.returncode}:\n{process.stdout}{process.stderr}")
        run = json.loads(report.read_text())["runs"][0]
        findings = {finding["name"]: finding for finding in run["findings"]}
        return Play(process.returncode, run["verdict"], findings, time.monotonic() - began)

    def play(self, case, mutant=None, invariant=None, first=None, protocol=None):
        """A play in which the rig could tell, of the invariant where one is named; or the last one that was allowed.
        `first`: of these plays, if it has been made."""
        play = first or self._play_once(case, mutant, protocol)
        for repeat in range(1, REPEATS_MAX + 1):
            if not play.is_unclear(invariant):
                break
            play = self._play_once(case, mutant, protocol)
            play.inconclusive_before = repeat
        return play

    def play_pairs(self, wanted):
        """Yields each pair with its play."""
        with concurrent.futures.ThreadPoolExecutor(BESIDE_EACH_OTHER) as pool:
            firsts = list(pool.map(lambda pair: self._play_once(pair.case, pair.mutant), wanted))
        for pair, first in zip(wanted, firsts):
            yield pair, self.play(pair.case, pair.mutant, pair.invariant, first)


def mistake(pair, play):
    """Why this play does not show that the case catches the mutant by that invariant; empty: it does."""
    finding = play.findings.get(pair.invariant)
    if finding is None:
        return "there is no finding of that name"
    if finding["verdict"] != "fail":
        return f"it came to {finding['verdict']}, measured {finding['measured']}; failed: {play.failed() or 'nothing'}"
    if play.verdict != "fail" or play.exit_code != 1:
        return f"the play came to {play.verdict}, exit code {play.exit_code}"
    return ""


def _seconds(nanoseconds):
    return "" if nanoseconds is None else f"{nanoseconds / 1e9:.2f}s"


def _margin(margin):
    return "" if margin is None else f"{margin:+.0%}"


def _row(cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def line(pair, play):
    finding = play.findings.get(pair.invariant, {"measured": "nothing", "bound": "", "since_ns": None})
    others = [name for name in play.failed() if name != pair.invariant]
    return (f"{pair.mutant} × {pair.case} [{play.seconds:.1f}s]: {pair.invariant}: measured {finding['measured']}, "
            f"bound {finding['bound']}, since {_seconds(finding['since_ns'])}; also failed: {'; '.join(others) or 'nothing'}"
            + (f"; after {play.inconclusive_before} inconclusive plays" if play.inconclusive_before else ""))


def page(plays, unflawed):
    """docs/reference/mutants.md. `plays`: pair -> Play; `unflawed`: case -> Play."""
    head = ["mutant", "case", "invariant that fails", "expected", "measured", "bound", "margin", "since",
            "the server itself", "fails as well"]
    rows = [_row(head), _row(["---"] * len(head))]
    for pair, play in plays.items():
        finding = play.findings[pair.invariant]
        others = [name for name in play.failed() if name != pair.invariant]
        rows.append(_row([f"`{pair.mutant}`", f"`{pair.case}`", pair.invariant, f"`{finding['expected']}`",
                          finding["measured"], finding["bound"], _margin(finding["margin"]),
                          _seconds(finding["since_ns"]), unflawed[pair.case].findings[pair.invariant]["measured"],
                          "; ".join(others)]))
    server = [_row(["case", "verdict", "invariants", "smallest margin"]), _row(["---"] * 4)]
    for case, play in unflawed.items():
        known = [(finding["margin"], name) for name, finding in play.findings.items()
                 if finding["margin"] is not None and "==" not in finding["expected"]]
        least = f"{_margin(min(known)[0])} {min(known)[1]}" if known else ""
        server.append(_row([f"`{case}`", play.verdict, len(cases()[case]["invariants"]), least]))
    return PAGE_TEMPLATE.format(rows="\n".join(rows), server="\n".join(server), incidents=incidents_table(),
                                flaws=flaws_text(), count=len(mutants()))


def incidents_table():
    rows = [_row([f"`{pair.mutant}`", f"`{pair.case}`", pair.invariant]) for pair in incident_pairs()]
    return "\n".join([_row(["mutant", "incident", "invariant that fails"]), _row(["---"] * 3), *rows])


def flaws_text():
    return "\n\n".join(f"**{name}**. {' '.join(text.split())}" for name, text in mutants().items())


PAGE_TEMPLATE = """\
# Mutants

<!-- Written by `ci/mutants --write-docs`. The test mutants.matrix fails when rows or texts are not the present ones. -->

{count} programs, each the reference server with one flaw: `reference-server/mutants/NAME.patch`. A case of the core suite
says under `catches` which of them it has to catch, and by which invariant. `ci/mutants` plays them all; the figures are
those of the run that wrote this page, and differ from run to run. Some are the flawed server of an
[incident](#incidents) only.

## What catches them

"Since" counts from the run's start. "The server itself" is what the server without the flaw measured in the same invariant.

{rows}

## The server without a flaw

Margins of invariants that ask for an exact count are left out: they are nought or a failure.

{server}

## Incidents

Played by `squall reproduce NAME`.

{incidents}

## The flaws

{flaws}
"""


def rows_of(text):
    """[(pair, expression)] in a page, whatever its figures."""
    row = r"^\| `([a-z0-9-]+)` \| `([a-z0-9-]+)` \| ([^|]+) \| `([^`]+)` \|"
    return [(Pair(*match[:3]), match[3]) for match in re.findall(row, text, re.M)]


def expected_rows():
    expressions = {(case, invariant["name"]): " ".join(invariant["expect"].split())
                   for case, scenario in cases().items() for invariant in scenario["invariants"]}
    return [(pair, expressions[pair.case, pair.invariant]) for pair in pairs()]


def flaws_of(text):
    """name -> text, of a page's last section."""
    return dict(re.findall(r"^\*\*([a-z0-9-]+)\*\*\. (.+)$", text, re.M))


def play_unflawed(player, names, report):
    unflawed = {}
    for case in names:
        play = unflawed[case] = player.play(case)
        bad = [f"{name} ({finding['verdict']}, measured {finding['measured']})"
               for name, finding in play.findings.items() if finding["verdict"] != "pass"]
        report(f"the server itself × {case} [{play.seconds:.1f}s]: {play.verdict} {'; '.join(bad)}")
    return unflawed


def play_pairs(player, wanted, report):
    plays = {}
    for pair, play in player.play_pairs(wanted):
        plays[pair] = play
        report(line(pair, play))
    return plays


def cross(player, names, report):
    """Each mutant × each case, for whoever wants to know what else a case notices: over an hour."""
    table = [_row(["mutant", *cases()]), _row(["---"] * (1 + len(cases())))]
    for mutant in names:
        verdicts = []
        for case in cases():
            play = player.play(case, mutant)
            verdicts.append(f"fail ({len(play.failed())})" if play.verdict == "fail" else play.verdict)
            report(f"{mutant} × {case} [{play.seconds:.1f}s]: {play.verdict} {'; '.join(play.failed())}")
        table.append(_row([f"`{mutant}`", *verdicts]))
    return "\n".join(table) + "\n"


def show(text):
    print(text, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mutants", nargs="*", metavar="MUTANT", help="only these")
    parser.add_argument("--write-docs", action="store_true", help=f"write {PAGE.relative_to(REPOSITORY)}")
    parser.add_argument("--all", action="store_true", help="every mutant in every case: over an hour")
    arguments = parser.parse_args()
    if unknown := set(arguments.mutants) - set(mutants()):
        parser.error(f"there is no mutant {', '.join(sorted(unknown))}; there are: {', '.join(mutants())}")
    if arguments.write_docs and (arguments.mutants or arguments.all):
        parser.error("--write-docs needs the plays of all mutants, and of no other pairs")
    OUTPUT.mkdir(exist_ok=True)
    with Player() as player:
        if arguments.all:
            (OUTPUT / "cross.md").write_text(cross(player, arguments.mutants or mutants(), show))
            show(f"written: {OUTPUT / 'cross.md'}")
            return 0
        wanted = [pair for pair in pairs() if not arguments.mutants or pair.mutant in arguments.mutants]
        unflawed = play_unflawed(player, dict.fromkeys(pair.case for pair in wanted) if arguments.mutants else cases(), show)
        plays = play_pairs(player, wanted, show)
    mistakes = [f"{case}: {play.verdict} on the server itself" for case, play in unflawed.items() if play.verdict != "pass"]
    mistakes += [f"{pair.mutant} × {pair.case}: {pair.invariant}: {why}" for pair, play in plays.items()
                 if (why := mistake(pair, play))]
    for text in mistakes:
        show(f"wrong: {text}")
    if mistakes:
        return 1
    place = PAGE if arguments.write_docs else OUTPUT / "matrix.md"
    place.write_text(page(plays, unflawed))
    show(f"{len(plays)} plays caught what they had to; written: {place}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

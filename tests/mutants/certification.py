"""Plays the reference server's mutants in the cases of the certification suite that name them in `catches`.

A case that is for any protocol has to catch the mutant over one of them at least: some flaws are of one protocol only.

usage: certification.py [MUTANT...]      environment: SQUALL, REFERENCE_SERVER_DIR
"""
import argparse
import sys

import matrix

matrix.SUITE = matrix.REPOSITORY / "suites/catalogue/certification"


def protocols_of(case):
    """Those that the case's subscribers can have."""
    asked = {cohort["protocol"] for cohort in matrix.cases()[case]["cohorts"]}
    return ["sse", "websocket"] if asked == {"any"} else sorted(asked - {"any"})


def caught(player, pair):
    """Whether the invariant that is named for the mutant fails; a line for each play."""
    for protocol in protocols_of(pair.case):
        play = player.play(pair.case, pair.mutant, pair.invariant, protocol=protocol)
        wrong = matrix.mistake(pair, play)
        matrix.show(f"{protocol}: {matrix.line(pair, play)}" + (f"; not caught: {wrong}" if wrong else ""))
        if not wrong:
            return True
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mutants", nargs="*", metavar="MUTANT", help="only these")
    arguments = parser.parse_args()
    if unknown := set(arguments.mutants) - set(matrix.mutants()):
        parser.error(f"there is no mutant {', '.join(sorted(unknown))}; there are: {', '.join(matrix.mutants())}")
    matrix.OUTPUT.mkdir(exist_ok=True)
    with matrix.Player() as player:
        wanted = [pair for pair in matrix.pairs() if not arguments.mutants or pair.mutant in arguments.mutants]
        missed = [pair for pair in wanted if not caught(player, pair)]
    for pair in missed:
        matrix.show(f"wrong: {pair.case} does not catch {pair.mutant} by: {pair.invariant}")
    matrix.show(f"{len(wanted) - len(missed)} of {len(wanted)} were caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

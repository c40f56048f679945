"""What servers' certificates say, as a table: case × server. Of several rounds, whether their verdicts agree.

usage: certificates.py [--write] ROUND...      a ROUND is what `squall certify --out` made: SERVER/certificate.json

The table is of the last round. --write puts it into docs/reference/certificates.md. Exit code 1: rounds differ.
"""
import argparse
import json
import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs/reference/certificates.md"
BEGIN, END = "<!-- verdicts: written by `ci/certificates --write-docs` -->\n", "<!-- end of verdicts -->\n"
SHORT = {"UNIMPLEMENTED": "–", "INFORMATIONAL": "info"}
PROTOCOLS = ("sse", "websocket")


def certificates(directory):
    """By server; squall's own first, then by name."""
    found = [json.loads(file.read_text()) for file in pathlib.Path(directory).glob("*/certificate.json")]
    return sorted(found, key=lambda one: (one["server"] != "reference-server", one["server"]))


def verdicts(directory):
    """(server, id, protocol) -> verdict"""
    return {(one["server"], case["id"], case["protocol"]): case["verdict"]
            for one in certificates(directory) for case in one["cases"]}


def differences(first, other):
    """[(server, id, protocol, verdict, verdict)]: a case that one of them lacks counts, too."""
    return [(*key, first.get(key, "not played"), other.get(key, "not played"))
            for key in sorted(first.keys() | other.keys()) if first.get(key) != other.get(key)]


def row(cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def cell(cases):
    """What a server's results in one case say, over its protocols."""
    said = {case["protocol"]: SHORT.get(case["verdict"], case["verdict"]) for case in cases}
    if len(set(said.values())) <= 1:
        return next(iter(said.values()), "")
    return ", ".join(f"{said[protocol]} ({protocol})" for protocol in PROTOCOLS if protocol in said)


def matrix(found):
    names = {case["id"]: case["name"] for one in found for case in one["cases"]}
    text = row(["id", "case", *(one["server"] for one in found)]) + row(["---"] * (2 + len(found)))
    for case_id in sorted(names, key=lambda text: [int(part) for part in text.split(".")]):
        cells = [cell([case for case in one["cases"] if case["id"] == case_id]) for one in found]
        text += row([case_id, f"`{names[case_id]}`", *cells])
    levels = [", ".join(level["name"] for level in one["levels"] if level["reached"]) or "none" for one in found]
    return text + row(["", "levels reached", *levels])


def remarks(found):
    """What was measured wherever a verdict is neither OK nor for information."""
    text = row(["server", "id", "over", "verdict", "what was found"]) + row(["---"] * 5)
    for one in found:
        for case in one["cases"]:
            if case["verdict"] not in ("OK", "INFORMATIONAL", "UNIMPLEMENTED"):
                text += row([one["server"], case["id"], case["protocol"], case["verdict"], case["reason"]])
    return text


def versions(found):
    text = row(["server", "version", "protocols", "certified"]) + row(["---"] * 4)
    for one in found:
        offered = [protocol for protocol in PROTOCOLS if any(case["protocol"] == protocol for case in one["cases"])]
        text += row([f"`{one['server']}`", one["version"], ", ".join(offered), one["made_at"][:10]])
    return text


def written(found):
    host = found[0]["host"]
    return f"Host: {host}; squall {found[0]['squall_version']}.\n\n{versions(found)}\n{matrix(found)}\n{remarks(found)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rounds", nargs="+", metavar="ROUND")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(REPOSITORY)}")
    arguments = parser.parse_args()
    last = certificates(arguments.rounds[-1])
    if not last:
        parser.error(f"{arguments.rounds[-1]}: there is no certificate in it")
    print(written(last))
    if arguments.write:
        before, rest = PAGE.read_text().split(BEGIN)
        PAGE.write_text(before + BEGIN + written(last) + END + rest.split(END)[1])
    differ = [difference for earlier in arguments.rounds[:-1]
              for difference in differences(verdicts(earlier), verdicts(arguments.rounds[-1]))]
    for server, case_id, protocol, was, now in differ:
        print(f"rounds differ: {server} {case_id} {protocol}: {was}, then {now}")
    if len(arguments.rounds) > 1 and not differ:
        print(f"{len(arguments.rounds)} rounds agree on {len(verdicts(arguments.rounds[-1]))} verdicts")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())

"""What ci/stability makes of its outcomes: per case the verdicts, per invariant the spread of its margin."""
import collections
import os
import pathlib
import platform
import statistics
import subprocess
import time

VERDICTS = ("pass", "fail", "inconclusive", "error")
INCONCLUSIVE_MAX = 0.02

PAGE = """\
# Stability

{head}

`ci/noise` makes bursts of CPU of 30 ms on average, on CPUs drawn at random, {cpu:.0%} of the machine's CPU time; writes
{disk:g} MiB/s to disk in pieces of 64 KiB, each synced; and takes up to {memory:g} MiB of memory, touches them and gives
them back. `ci/noise --measure` shows what that does to a process which only sleeps for a millisecond at a time. It is
what a shared CI machine has, and more than the rig's own share of lateness (`rig.lag_max`) would hide: where the noise
takes too much from a play, that play is inconclusive.

{table}

## Margins

The share of the bound that was left, of every invariant that has one: smallest, median and largest of all rounds.
{exact}

{margins}
"""


def counts(outcomes):
    """{case: Counter of verdicts}"""
    cases = collections.defaultdict(collections.Counter)
    for outcome in outcomes:
        cases[outcome["case"]][outcome["verdict"]] += 1
    return dict(sorted(cases.items()))


def margins(outcomes):
    """({(case, invariant): margins}, invariants that have none): equalities, bounds of 0, and counts that are always
    met exactly, where nearer or farther says nothing."""
    spread, none = collections.defaultdict(list), set()
    for outcome in outcomes:
        for finding in outcome["findings"]:
            key = outcome["case"], finding["name"]
            if finding["name"].startswith("witness: ") or finding["verdict"] == "inconclusive":
                continue
            if finding["margin"] is None or "==" in finding["expected"]:
                none.add(key)
            else:
                spread[key].append(finding["margin"])
    none |= {key for key, values in spread.items() if not any(values)}
    return {key: values for key, values in sorted(spread.items()) if key not in none}, sorted(none)


def acceptable(outcomes):
    """Nothing failed, and few plays were inconclusive: of all of them, and, beyond the first, of each case's."""
    total = collections.Counter(outcome["verdict"] for outcome in outcomes)
    if not outcomes or total["fail"] or total["error"] or total["inconclusive"] > INCONCLUSIVE_MAX * len(outcomes):
        return False
    return all(verdicts["inconclusive"] <= max(1, INCONCLUSIVE_MAX * verdicts.total())
               for verdicts in counts(outcomes).values())


def smallest(case, spread):
    of_case = {invariant: min(values) for (name, invariant), values in spread.items() if name == case}
    if not of_case:
        return "", ""
    invariant = min(of_case, key=of_case.get)
    return f"{of_case[invariant]:+.0%}", invariant


def total_line(outcomes):
    total = collections.Counter(outcome["verdict"] for outcome in outcomes)
    inconclusive = total["inconclusive"] / max(1, len(outcomes))
    return f"{len(outcomes)} plays: {total['fail']} failed, {total['error']} errors, {inconclusive:.1%} inconclusive"


def text(outcomes):
    spread, _ = margins(outcomes)
    lines = [f"{'case':<30} {'pass':>5} {'fail':>5} {'incon':>5} {'error':>5}  smallest margin"]
    for case, verdicts in counts(outcomes).items():
        margin, invariant = smallest(case, spread)
        lines.append(f"{case:<30} " + " ".join(f"{verdicts[verdict]:>5}" for verdict in VERDICTS)
                     + f"  {margin} {invariant}".rstrip())
    return "\n".join(lines + [total_line(outcomes)])


def markdown(rows):
    head, *body = rows
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
                     + ["| " + " | ".join(map(str, row)) + " |" for row in body])


def revision():
    """Of the source, as git has it; where it has not, as somebody who exported it would put it."""
    git = subprocess.run(["git", "describe", "--always", "--dirty", "--exclude=*"], cwd=pathlib.Path(__file__).parent,
                         text=True, capture_output=True)
    return git.stdout.strip() or "of an exported tree"


def head(outcomes, levels):
    rounds = len({outcome["round"] for outcome in outcomes})
    options = "".join(f" --{name}={level:g}" for name, level in levels.items())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (f"Made by `ci/stability {rounds}{options} --write-docs` from revision {revision()} on "
            f"{time.strftime('%Y-%m-%d')}: {rounds} rounds, another seed each, on {os.cpu_count()} CPUs with "
            f"{memory:.0f} GiB, {platform.system()} {platform.release()}. {total_line(outcomes)}.")


def write_page(file, outcomes, levels):
    spread, none = margins(outcomes)
    table = [("case", *VERDICTS, "smallest margin", "of")]
    for case, verdicts in counts(outcomes).items():
        table.append((case, *(verdicts[verdict] for verdict in VERDICTS), *smallest(case, spread)))
    listed = [("case", "invariant", "smallest", "median", "largest")]
    for (case, invariant), values in spread.items():
        listed.append((case, invariant, f"{min(values):+.0%}", f"{statistics.median(values):+.0%}", f"{max(values):+.0%}"))
    exact = (f"{len(none)} others have none: they ask for one exact value, compare with 0, or are counts that were met "
             "exactly every time.")
    file.write_text(PAGE.format(head=head(outcomes, levels), table=markdown(table), margins=markdown(listed), exact=exact,
                                **levels))

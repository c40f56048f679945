"""The trials of squall's measurements: what truth-target is told to do, what comes out, and how near the two are.

Each trial plays once and returns rows. A row is right when its error is within its goal, or when squall says of it that
it could not tell.
"""
import collections
import json
import math
import os
import pathlib
import subprocess
import tempfile

import truth
from truth import PERCENTILES, PROTOCOLS

Row = collections.namedtuple("Row", "what protocol quantity unit truth measured error goal verdict")

# The goal of issue and documentation: the larger of 1 % and 100 us.
RELATIVE, ABSOLUTE = 0.01, 100e-6

DELAYS = {
    "constant": "constant:0.02",
    "bimodal": "bimodal:0.005,0.05,0.1",
    "heavy tail": "pareto:1.2,0.005,0.8",
}


def goal(value):
    return max(RELATIVE * value, ABSOLUTE)


def latency_rows(what, played, since):
    """`since`: the instant, of a delivery, from which the truth counts."""
    rows = []
    for protocol in PROTOCOLS:
        deliveries = [d for d in played.deliveries if d.protocol == protocol]
        histogram = played.histogram("delivery.latency", protocol=protocol)
        if len(deliveries) != histogram.total():
            raise AssertionError(f"{what}, {protocol}: {len(deliveries)} were sent, {histogram.total()} have a latency")
        # Just before send() and just behind it: in between the message left, and nobody knows when.
        earliest = sorted((d.sent - since(d)) / 1e9 for d in deliveries)
        latest = sorted((d.sent_after - since(d)) / 1e9 for d in deliveries)
        for name, share in PERCENTILES.items():
            value = truth.measured(histogram, share) / 1e9
            true, true_at_most = truth.percentile(earliest, share), truth.percentile(latest, share)
            finding = played.findings[f"{name}(delivery.latency{{protocol={protocol}}}) <= 1m always"]
            at_least = value
            if "at least" in finding["detail"]:
                # squall says that it may have been less, down to where the messages that it could not time were instant.
                at_least = truth.measured(histogram, max(share - played.untimed_share(protocol), 0)) / 1e9
            error = max(true - value, at_least - true_at_most, 0)
            rows.append(Row(what, protocol, name, "s", true, value, error, goal(true), finding["verdict"]))
    return rows


def from_arrival(delivery):
    return delivery.arrived


def distribution(name, **options):
    played = truth.play(["--delays", DELAYS[name], "--seed", 7], **options)
    return played, latency_rows(name, played, from_arrival)


def frozen(what, length, period, times, rate, delay=0.0):
    """Latency has to count from the instant at which a message was due. The first message of all starts the target's
    clock, so that of each period the share length / period falls into a freeze."""
    played = truth.play(["--delays", f"constant:{delay}", "--freeze", f"{length},{period},{times}"],
                        seconds=period * times, rate=rate, via="websocket", subscribers=1)
    origin = played.origin()
    rows = latency_rows(what, played, lambda d: origin + d.scheduled)
    return played, rows


def arithmetic(length, period, share):
    """Percentile of the latency under a target that is frozen for `length` of each `period` and instant otherwise: of a
    uniform arrival, with the chance length / period it waits for a time uniform between 0 and `length`."""
    return max(length - (1 - share) * period, 0)


def late_by(played, length, times):
    """By how much the target missed its own plan, in seconds: its freezes were longer, or it sent later than it could."""
    if len(played.freezes) != times:
        raise AssertionError(f"{len(played.freezes)} freezes instead of {times}")
    longest = max(abs((end - start) / 1e9 - length) for start, end in played.freezes)
    could = lambda d: max([d.arrived] + [end for start, end in played.freezes if start <= d.arrived < end])
    return longest + truth.percentile([(d.sent_after - could(d)) / 1e9 for d in played.deliveries], 0.999)


def frozen_rows(what, played, length, period, times, rate):
    rows = []
    for protocol in PROTOCOLS:
        histogram = played.histogram("delivery.latency", protocol=protocol)
        for name, share in PERCENTILES.items():
            expected = arithmetic(length, period, share)
            value = truth.measured(histogram, share) / 1e9
            finding = played.findings[f"{name}(delivery.latency{{protocol={protocol}}}) <= 1m always"]
            # Messages are 1 / rate apart, and so are the latencies that can be. What the host kept from the target's
            # plan is not squall's.
            allowed = goal(expected) + 1 / rate + late_by(played, length, times)
            rows.append(Row(what, protocol, name, "s", expected, value, abs(value - expected), allowed,
                            finding["verdict"]))
    return rows


def resources(allocate=96 * 2**20, burn=0.3):
    """Memory that is allocated and touched during the run, and CPU time that is used all along."""
    played = truth.play(["--delays", "constant:0.005", "--allocate", f"{allocate},3", "--burn", burn],
                        seconds=6, rate=20, subscribers=1)
    origin = played.origin()
    at, size = played.allocated
    start, end = played.span("steady")
    rows = []
    for metric in ("target.memory", "target.rss", "target.cgroup_memory"):
        points = played.gauge(metric)
        if not points and metric == "target.cgroup_memory":
            continue  # a host without the controller
        # It is touched within the quarter of a second before `at`.
        before = [value for instant, value in points if start < instant < at - origin - 0.25e9]
        after = [value for instant, value in points if at - origin < instant < end]
        grown = sum(after) / len(after) - sum(before) / len(before)
        # Counters of memory are kept by CPU and summed up now and then: some 64 pages of each CPU are not in them; page
        # tables (1 / 512) are in the cgroup's; socket buffers come and go.
        rows.append(Row("memory", "", metric, "B", size, grown, abs(grown - size), 0.01 * size, ""))
    readings = [(instant - origin, used) for instant, used in played.used if start <= instant - origin <= end]
    (first, used_first), (last, used_last) = readings[0], readings[-1]
    true = (used_last - used_first) / (last - first)
    points = [(instant, value) for instant, value in played.gauge("target.cpu") if first <= instant <= last]
    # A sample is of the time since the one before it.
    spans = [(value, instant - previous) for (previous, _), (instant, value) in zip(points, points[1:])]
    value = sum(cores * span for cores, span in spans) / sum(span for _, span in spans)
    # The ends of the two stretches are up to one sample of 250 ms apart, in which the burner may have had its pause.
    rows.append(Row("CPU", "", "target.cpu", "cores", true, value, abs(value - true), 0.02 * true + 0.002, ""))
    return played, rows


def judged(played, invariants):
    """Verdicts on the saved run by other invariants."""
    with tempfile.TemporaryDirectory(prefix="squall-truth-") as directory:
        scenario = (played.directory / "scenario.yaml").read_text()
        text = scenario[:scenario.index("invariants:")] + "invariants:\n"
        text += "".join(f"  - {{name: {json.dumps(name)}, expect: {json.dumps(expression)}}}\n"
                        for name, expression in invariants.items())
        path, report = pathlib.Path(directory) / "scenario.yaml", pathlib.Path(directory) / "report.json"
        path.write_text(text)
        process = subprocess.run([os.environ["SQUALL"], "judge", str(played.directory), "--scenario", str(path), "--json",
                                  str(report)], text=True, capture_output=True, timeout=60)
        if not report.exists():
            raise RuntimeError(process.stdout + process.stderr)
        document = json.loads(report.read_text())
    findings = document["findings"] if "findings" in document else document["runs"][0]["findings"]
    return {finding["name"]: finding for finding in findings if finding["name"] in invariants}


def verdicts_on_design(played):
    """[(which, verdict, detail)]: SLOs that the target's design meets, just so and by far, and SLOs that it misses by far.

    The design is the delay alone, as if no host were in the way: who fails the first or passes the last was wrong."""
    met, missed = {}, {}
    for protocol in PROTOCOLS:
        delays = sorted((d.due - d.arrived) / 1e9 for d in played.deliveries if d.protocol == protocol)
        for name, share in PERCENTILES.items():
            design = truth.percentile(delays, share)
            metric = f"{name}(delivery.latency{{protocol={protocol}}})"
            # Twice the goal: the one is squall's, the other the target's own 100 us to do its work.
            met[f"met: {protocol} {name}"] = f"{metric} <= {(design + 2 * goal(design)) * 1e3:.6f}ms always"
            met[f"met by far: {protocol} {name}"] = f"{metric} <= {design * 4 * 1e3:.6f}ms always"
            missed[f"missed: {protocol} {name}"] = f"{metric} <= {design / 2 * 1e3:.6f}ms always"
    findings = judged(played, {**met, **missed})
    return [(name, finding["verdict"], finding["detail"]) for name, finding in findings.items()]

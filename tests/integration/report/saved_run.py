"""Run directories and certificates as squall writes them, of runs that nobody played."""
import json
import math
import random

SECOND = 1_000_000_000
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&"
SCENARIO = """\
name: drawn
summary: %s
why: %s
cohorts:
  - {name: steady-readers-with-a-name-that-is-long, protocol: sse, connections: 100}
  - {name: slow, protocol: websocket, connections: 20}
publishers:
  - {name: ticker, arrivals: {process: constant, rate: 20/s}}
phases:
  - {name: baseline, duration: %ds}
  - name: pressure
    duration: %ds
    faults: [{fault: cpu-cap, cores: 0.25}]
  - {name: after, duration: %ds}
invariants:
  - {name: the tail holds, expect: "p99(delivery.latency{cohort=slow}) <= 20ms during pressure"}
  - max(target.memory) <= 64MiB always
  - count(disconnects) == 0 always
record:
  source: trace.log
  speed: 2
  series:
    - {name: %s, measure: p95(queue.depth), unit: count, scale: 0.5, points: [[0, 20], [4, 30], [8, 26], [12, 4], [16, 1]]}
    - {name: memory, measure: max(target.memory), unit: B, points: [[0, 4.0e7], [16, 2.0e7]]}
    - {name: broadcast p99, measure: p99(delivery.latency), unit: s, points: [[0, 0.2], [8, 0.2], [16, 0.01]]}
    - {name: not measured, measure: max(queued.bytes), unit: B, points: [[0, 1], [16, 1]]}
"""


def bucket(value):
    octave = int(math.log2(value)) if value >= 512 else 0
    return value if value < 512 else 512 + 256 * (octave - 9) + (value >> (octave - 8)) - 256


def lines(file, kind, rows):
    head = json.dumps({"format": f"squall.{kind}", "version": 1})
    file.write_text("\n".join([head, *(json.dumps(row, separators=(",", ":")) for row in rows)]) + "\n")


def saved_run(directory, seconds=12):
    """Three phases of equal length; under pressure everything is worse, and some connections end."""
    draw = random.Random(7)
    directory.mkdir(parents=True)
    third = seconds // 3
    text = json.dumps(HOSTILE)
    (directory / "scenario.yaml").write_text(SCENARIO % (text, text, third, third, third, text))
    end = seconds * SECOND
    hard = range(third * SECOND, 2 * third * SECOND)
    cohorts = [("steady-readers-with-a-name-that-is-long", "sse", 100), ("slow", "websocket", 20)]
    distributions = []
    for slice_ in range(seconds * 4):
        at = slice_ * SECOND // 4
        for cohort, protocol, connections in cohorts:
            typical = (80 if at in hard and cohort == "slow" else 3) * 1_000_000
            values = sorted(int(typical * draw.lognormvariate(0, 0.4)) for _ in range(8))
            counts = {}
            for value in values:
                counts[bucket(value)] = counts.get(bucket(value), 0) + connections // 4
            distributions.append({"metric": "delivery.latency",
                                  "labels": {"cohort": cohort, "protocol": protocol, "publisher": "ticker"},
                                  "slice": slice_, "min": values[0], "max": values[-1], "sum": float(sum(values)),
                                  "buckets": sorted(counts.items())})
        for metric in ("rig.loop_lag", "rig.publish_lag"):
            distributions.append({"metric": metric, "labels": {}, "slice": slice_, "min": 100_000, "max": 100_000,
                                  "sum": 400_000.0, "buckets": [[bucket(100_000), 4]]})
    lines(directory / "distributions.jsonl", "distributions", distributions)

    instants = range(0, end, SECOND // 4)

    def gauge(metric, labels, value):
        points = [[at, value(at, at in hard)] for at in instants]
        return [{"metric": metric, "labels": labels, "points": points[n:n + 1024]} for n in range(0, len(points), 1024)]

    gauges = gauge("connections", {"cohort": "slow", "protocol": "websocket"},
                   lambda at, hard: 15 if at >= 2 * third * SECOND else 20)
    gauges += gauge("target.sockets", {"state": "established"}, lambda at, hard: 120)
    gauges += gauge("target.sockets", {"state": "close_wait"}, lambda at, hard: 5 if hard else 0)
    gauges += gauge("declared.connections", {"protocol": "sse"}, lambda at, hard: 100)
    gauges += gauge("target.memory", {}, lambda at, hard: (48 if hard else 16) * 2**20 + draw.randrange(2**20))
    gauges += gauge("target.cpu", {}, lambda at, hard: (0.25 if hard else 0.6) + draw.random() / 20)
    gauges += gauge("target.throttled", {}, lambda at, hard: 0.4 + draw.random() / 10 if hard else 0)
    for stat, factor in (("p50", 0), ("p95", 4), ("p99", 9), ("max", 12)):
        gauges += gauge("queue.depth", {"stat": stat}, lambda at, hard, f=factor: f * (3 if hard else 1))
    lines(directory / "gauges.jsonl", "gauges", gauges)

    events = []
    for at in instants:
        for cohort, protocol, connections in cohorts:
            labels = {"cohort": cohort, "protocol": protocol}
            events.append({"at": at, "metric": "messages.delivered", "labels": labels, "value": connections * 5})
            events.append({"at": at, "metric": "messages.expected", "labels": labels, "value": connections * 5})
        events.append({"at": at, "metric": "messages.published", "labels": {"publisher": "ticker"}, "value": 5})
    for n in range(5):
        events.append({"at": hard.start + n * SECOND // 4, "metric": "disconnects", "value": 1,
                       "labels": {"cohort": "slow", "protocol": "websocket", "connection": f"slow#{n}.1",
                                  "seen": "close_1013", "declared": HOSTILE, "reason": HOSTILE, "held": "close_wait"}})
    lines(directory / "events.jsonl", "events", sorted(events, key=lambda event: event["at"]))

    spans = [("baseline", 0, hard.start), ("pressure", hard.start, hard.stop), ("after", hard.stop, end),
             ("load", 0, end), ("run", 0, end)]
    facts = {"run_id": "r-drawn", "scenario": "drawn", "seed": 1, "version": "0.1.0",
             "started_at": "2026-01-01T00:00:00Z", "command": ["squall", "run", HOSTILE],
             "host": {"kernel": HOSTILE, "cpus": 2, "memory_bytes": 2**34},
             "settings": {"ping_interval": HOSTILE}, "notes": [HOSTILE], "rig": {"problems": []},
             "target": {"name": HOSTILE, "declares": {"ends": True, "reasons": True}, "exited": None},
             "injections": [{"fault": "cpu-cap", "name": "cpu-cap", "phase": "pressure", "occurrence": 1,
                             "mechanism": HOSTILE, "injected_at_ns": hard.start, "healed_at_ns": hard.stop,
                             "effect_seen_at_ns": hard.start + SECOND // 10, "error": "", "heal_error": "",
                             "witness": {"bit": True, "evidence": HOSTILE, "measures": {}, "connections": 0}}]}
    (directory / "facts.json").write_text(json.dumps({
        "format": "squall.facts", "version": 1, "spans": [dict(zip(("name", "start", "end"), span)) for span in spans],
        "facts": facts}))


def certificate(directory, server):
    directory.mkdir(parents=True)
    finding = {"name": "tail", "verdict": "fail", "requirement": "must", "expected": "p99(x) < 1s", "measured": "2s",
               "bound": "1s", "margin": -1.0, "phase": "pressure", "samples": 9, "since_ns": SECOND, "detail": HOSTILE}
    verdicts = ["OK", "FAILED", "NON-STRICT", "INCONCLUSIVE", "UNIMPLEMENTED", "INFORMATIONAL"]
    cases = [{"id": f"{n // 3 + 1}.{n % 3 + 1}", "name": f"case-{n}", "group": f"group {n // 3}: {HOSTILE}",
              "summary": HOSTILE, "why": HOSTILE, "source": "RFC 6455 section 5.5.2", "protocol": protocol,
              "verdict": verdict, "reason": "" if verdict == "OK" else HOSTILE, "run": "runs/one" if n == 0 else "",
              "earlier_runs": [], "command": "squall run", "seconds": 4.0, "judgement": "fail", "findings": [finding]}
             for n, verdict in enumerate(verdicts) for protocol in ("sse", "websocket")]
    (directory / "certificate.json").write_text(json.dumps({
        "format": 1, "server": server, "summary": HOSTILE, "version": "1.0", "profile": "x.yaml",
        "squall_version": "0.1.0", "made_at": "2026-01-01T00:00:00Z", "host": HOSTILE,
        "command": "squall certify", "quick": False, "cases": cases,
        "levels": [{"name": "delivers", "meaning": HOSTILE, "cases": ["1.1"], "reached": True}]}))

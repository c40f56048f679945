"""Hostile targets: each ends in a finding or a problem that is named, with the rig's memory and time bounded.

What is allowed of each hostile thing stands in docs/reference/limits.md; the bound on memory is derived from there.
"""
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from squall import SquallTest  # noqa: E402

SERVER = pathlib.Path(__file__).with_name("server.py")

PROFILE = """\
name: hostile
summary: Means no good.
launch:
  command: [{python}, {server}, "{{address}}", "{{port}}", {behaviour}]
  stop: {{signal: KILL}}
ready: {{path: /ready}}
sse: {{path: /events}}
websocket: {{path: /ws}}
publish: {{http: {{request: POST /publish}}}}
metrics:
  path: /metrics
  names:
    - {{metric: declared.connections, source: connections}}
    - {{metric: declared.handshake_failures, source: failures}}
log: {{event: {{key: event, value: disconnect}}, peer: peer, reason: reason, protocol: protocol, time: time}}
"""

SCENARIO = """\
name: hostile
summary: A little load on a target that means no good.
connect_deadline: {connect_seconds}s
settle: 2s
cohorts:
  - {{name: sse, protocol: sse, connections: 4}}
  - {{name: websocket, protocol: websocket, connections: 4}}
publishers:
  - {{name: ticker, arrivals: {{process: constant, rate: 20/s}}}}
phases:
  - {{name: pressure, duration: {seconds}s}}
invariants:
  - count(handshake.failures) == 0 always
  - count(disconnects) == 0 always
  - accounted(messages) == 100% always
  - count(messages.published) >= 1 during pressure
"""

# connect_deadline of a play, and of those that follow where it was inconclusive for another reason than the target: on a
# host that is busy with something else, a rig with more time can tell. Less than a handshake's own deadline, or far more.
CONNECT_SECONDS = (3, 9, 27)
# What of a play goes by the clock beside connect_deadline and phase: settle, the last page, a publish answer's deadline.
CLOCK_SECONDS = 2 + 3 + 10
# What of it is work: a calm host needs some three seconds, one with sanitizers and little time for it some ten.
WORK_SECONDS_MAX = 120
# What docs/reference/limits.md lets a target make squall hold: a metrics page of 8 MiB, in the receiving buffer, in the
# answer and as samples (its 100,000 at some 250 bytes), twice for the heap's fragments. All else is below 2 MiB.
EXTRA_MEMORY_MAX = 2 * (8 + 8 + 25) << 20

PASS = {0: "verdict: pass"}


class Hostile(SquallTest):
    def play(self, behaviour, connect_seconds, seconds=1):
        """(exit code; output, verdict.json and events.jsonl; peak RSS of squall and what it started, in bytes)"""
        profile = self.write(PROFILE.format(python=sys.executable, server=SERVER, behaviour=behaviour),
                             f"{behaviour}.yaml")
        scenario = self.write(SCENARIO.format(connect_seconds=connect_seconds, seconds=seconds),
                              f"scenario-{behaviour}.yaml")
        runs = self.directory / f"{behaviour}-{connect_seconds}"
        seconds_max = connect_seconds + seconds + CLOCK_SECONDS + WORK_SECONDS_MAX
        began = time.monotonic()
        with (self.directory / "output").open("w+") as output:
            process = subprocess.Popen(self.command("run", scenario, "--target", profile, "--plain", "--out", runs),
                                       cwd=self.directory, env=self.environment, stdout=output, stderr=output)
            too_long = threading.Timer(seconds_max, os.kill, (process.pid, signal.SIGTERM))
            too_long.start()
            _, status, usage = os.wait4(process.pid, 0)
            too_long.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            text = output.read()
        self.assertLess(time.monotonic() - began, seconds_max, text)
        verdicts = list(runs.glob("*/verdict.json"))
        self.assertTrue(verdicts, text)
        text += verdicts[0].read_text() + verdicts[0].with_name("events.jsonl").read_text()
        return process.returncode, text, usage.ru_maxrss * 1024

    def play_until_told(self, behaviour, allowed, seconds=1):
        """Exit code, text and peak RSS of the first play that was not held up by the host; of the last one otherwise."""
        for connect_seconds in CONNECT_SECONDS:
            code, text, memory = self.play(behaviour, connect_seconds, seconds)
            print(f"{behaviour}: exit code {code}, peak RSS {memory >> 20} MiB", file=sys.stderr)
            if code != 3 or allowed.get(3, "never said") in text:
                break
        self.assertIn(code, allowed, text)
        self.assertIn(allowed[code], text)
        return memory

    @classmethod
    def setUpClass(cls):
        cls.calm_memory = None

    def expect(self, behaviour, allowed, seconds=1):
        """`allowed`: what is said with each exit code that is right."""
        if Hostile.calm_memory is None:
            Hostile.calm_memory = self.play_until_told("none", PASS)
        memory = self.play_until_told(behaviour, allowed, seconds)
        if "SQUALL_SANITIZED" not in os.environ:  # whose own memory is not squall's
            self.assertLess(memory, Hostile.calm_memory + EXTRA_MEMORY_MAX)

    # What breaks the protocol is the target's failure.
    def test_headers_without_end(self):
        self.expect("endless-headers", {1: "response head longer than 16 KiB"})

    def test_a_frame_of_2_to_the_63_bytes(self):
        self.expect("huge-frame", {1: "frame longer than 64 MiB"})

    def test_an_event_stream_compressed_unasked(self):
        self.expect("sse-compressed", {1: "Content-Encoding that was not asked for"})

    def test_a_websocket_extension_that_was_not_offered(self):
        self.expect("ws-extension", {1: "an extension that was not offered"})

    def test_compressed_websocket_frames(self):
        self.expect("ws-compressed", {1: "reserved bit set without an extension"})

    def test_a_line_without_end(self):
        self.expect("endless-line", {1: "line longer than 1 MiB"})

    # What is odd but legal is delivered.
    def test_a_byte_at_a_time(self):
        self.expect("byte-by-byte", PASS)

    def test_text_that_is_not_utf8(self):
        self.expect("invalid-utf8", PASS)

    def test_pings_without_end(self):
        # Where it keeps target and rig from everything else, nothing was published, and so nothing can be told.
        self.expect("ping-flood", {**PASS, 3: "nothing was there to be counted"})

    def test_a_line_of_log_without_end(self):
        self.expect("long-log-line", PASS)

    # Where nothing can be told, the run is inconclusive.
    def test_a_publish_that_is_never_answered_to_the_end(self):
        self.expect("endless-publish-answer", {3: "nothing was there to be counted"})

    def test_a_handshake_that_is_not_answered(self):
        self.expect("silent-handshake", {3: "only 4 of 8 subscribers were connected"})

    def test_a_metrics_page_without_end(self):
        self.expect("endless-metrics", {3: "the target's metrics could not be read"})

    def test_a_metrics_page_whose_chunk_never_begins(self):
        self.expect("endless-chunk-extension", {3: "the framing of a chunk is longer than 8 KiB"})

    def test_a_metrics_page_a_byte_a_second(self):
        self.expect("slow-metrics", {3: "the target's metrics could not be read"})

    def test_labels_that_are_new_on_every_page(self):
        self.expect("invented-labels", {3: "combinations of label values"})

    def test_a_log_without_end(self):
        # As long as a slow host needs to write so much; it ends before.
        self.expect("log-flood", {3: "the target printed more than 256MiB"}, seconds=30)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: GPL-2.0
"""A call that is made dearer on purpose is named, by figures of a real guest.

What makes it dearer is a probe of the kernel's on the function that tells ids: two calls use it,
and the log, which says who made a call.
"""

import json

import pytest
from guests import TOP
from performance import budget, figures

DEARER = """#!/bin/sh
echo TAP version 13
echo 1..1
cd /sys/kernel/tracing || exit
echo 'p:dearer __task_pid_nr_ns' >kprobe_events && echo 1 >events/kprobes/dearer/enable &&
	echo ok 1 dearer || echo not ok 1 dearer
"""


@pytest.fixture
def dearer(boot, tmp_path):
    """The figures of a guest in which two calls are dearer."""
    boot.options = ("--icount",)
    program = TOP / "build/userspace/bench/bench"
    start = '#!/bin/sh\nexec /usr/lib/sysdemo/bench "$@"\n'
    status, said = boot({"a-dearer": DEARER, "bench": start}, files=[program], timeout=240)
    assert status == 0, said
    log = (tmp_path / "results/ktap.log").read_text(encoding="utf-8")
    return figures.parse(log, "")


def test_a_dearer_call_is_named(dearer):
    baseline = json.loads((TOP / "scripts/performance/baseline.json").read_text())
    dearer["qemu"] = baseline["qemu"]
    bench = {"runs": [dearer], "modules": {}, "stages": []}
    found = {
        result.name: result.change
        for result in budget.compare(bench, baseline)
        if result.change > budget.TOLERANCE_ELSEWHERE
    }
    calls = {name.removeprefix("sysdemo: ") for name in found if name.startswith("sysdemo: ")}
    assert calls == {
        *("getpid, by call", "gettid, by call"),
        *("null, logged, by call", "null, logged, by batch of 64"),
    }

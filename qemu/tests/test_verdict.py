# SPDX-License-Identifier: GPL-2.0
"""What guests leave behind, recorded, and what is to be said of it."""

import os
from pathlib import Path

import pytest
import verdict
from verdict import Run

TOOLS = Path(os.environ["STOCK"]) / "tools/kunit"

KTAP = """\
KTAP version 1
1..3
# insmod /lib/sysdemo.ko
ok 1 load
  TAP version 13
  # Subtest: c-call
  1..2
  # Starting 2 tests from 1 test cases.
  ok 1 device.null
  ok 2 device.flags
ok 2 c-call
ok 3 unload
"""
STATUS = "stage load\nstage c-call\nstage unload\nexit 0\n"
CONSOLE = "[    0.0] Linux version 7.3.4\n[    1.0] Run /init as init process\n"


def judge(expected=("c-call",), **changes):
    run = Run(**{"console": CONSOLE, "ktap": KTAP, "status": STATUS, **changes})
    return verdict.judge(run, TOOLS, expected)


def assert_fails(judged, *words):
    """The verdict is a failure, and one of its messages has the words in it."""
    assert not judged.passed
    for word in words:
        assert any(word in problem for problem in judged.problems), judged.problems
    assert judged.suite.find("testsuite[@name='guest']/testcase/failure") is not None


def test_good_run():
    judged = judge()
    assert judged.problems == []
    assert judged.areas == [("load", 1, 0, 0), ("c-call", 2, 0, 0), ("unload", 1, 0, 0)]


def test_name_of_the_root_file_system():
    assert Run(status=f"rootfs Buildroot 2026.08\n{STATUS}").rootfs == "Buildroot 2026.08"
    assert Run(status=STATUS).rootfs == ""
    assert judge(status=f"rootfs Buildroot 2026.08\n{STATUS}").problems == []


def test_root_file_system_without_our_init():
    line = "[    3.1] check access for rdinit=/usr/lib/sysdemo/init failed: -2, ignoring\n"
    judged = judge(console=CONSOLE + line, status="", ktap="")
    assert_fails(judged, "the root file system has no /usr/lib/sysdemo/init")


def test_skipped_tests_are_no_failure():
    judged = judge(ktap=KTAP.replace("ok 2 device.flags", "ok 2 device.flags # SKIP no device"))
    assert judged.problems == []
    assert judged.areas[1] == ("c-call", 1, 0, 1)


def test_skipped_tests_where_there_should_be_none():
    run = Run(console=CONSOLE, ktap=KTAP.replace("flags", "flags # SKIP"), status=STATUS)
    assert verdict.judge(run, TOOLS, skips=True).passed
    assert_fails(verdict.judge(run, TOOLS, skips=False), "1 tests were skipped")


def test_everything_skipped_is_a_failure():
    ktap = KTAP.replace("load\n", "load # SKIP\n").replace("device.null", "device.null # SKIP")
    assert_fails(
        judge(ktap=ktap.replace("device.flags", "device.flags # SKIP")), "not one test passed"
    )


def test_failed_test():
    ktap = KTAP.replace("  ok 2 device", "  # expected 0, got 1\n  not ok 2 device")
    judged = judge(ktap=ktap.replace("ok 2 c-call", "not ok 2 c-call"), status="exit 1\n")
    assert_fails(judged, "1 of 4 tests failed: c-call/device.flags", "exit status is 1")
    assert judged.failures[0][1] == ["  # expected 0, got 1"]


def test_many_failed_tests_are_not_all_named():
    results = "".join(f"  not ok {n} t{n}\n" for n in range(1, 101))
    ktap = f"KTAP version 1\n1..1\n  TAP version 13\n  # Subtest: c-call\n  1..100\n{results}"
    judged = judge(ktap=f"{ktap}not ok 1 c-call\n", status="exit 1\n")
    assert_fails(judged, "100 of 100 tests failed: c-call/t1, ", "c-call/t20, and 80 more")


def test_failed_test_that_the_exit_status_hides():
    ktap = KTAP.replace("  ok 2 device", "  not ok 2 device")
    assert_fails(judge(ktap=ktap), "tests failed: c-call/device.flags")


def test_exit_status_that_the_results_hide():
    assert_fails(judge(status=STATUS.replace("exit 0", "exit 1")), "exit status is 1")


def test_program_that_fails_after_its_tests():
    ktap = KTAP.replace("ok 2 c-call", "not ok 2 c-call")
    assert_fails(judge(ktap=ktap), "'c-call' failed as a whole")


@pytest.mark.parametrize(
    "lost",
    [
        ["1..3"],
        ["  1..2"],
        ["  ok 2 device.flags"],
        ["  ok 1 device.null"],
        ["ok 3 unload"],
        ["ok 2 c-call"],
        ["  ok 1 device.null", "  ok 2 device.flags"],
    ],
)
def test_lost_lines(lost):
    lines = [line for line in KTAP.splitlines() if line not in lost]
    assert len(lines) == len(KTAP.splitlines()) - len(lost)
    assert not judge(ktap="\n".join(lines)).passed


@pytest.mark.parametrize("length", range(0, len(KTAP) - 2, 7))
def test_results_cut_off_anywhere(length):
    assert not judge(ktap=KTAP[:length]).passed


def test_lost_plan():
    assert_fails(judge(ktap=KTAP.replace("1..3\n", "")), "no plan")


def test_no_results():
    assert_fails(judge(ktap=""), "no results")


def test_silent_program():
    lines = [line for line in KTAP.splitlines() if not line.startswith("  ")]
    assert_fails(judge(ktap="\n".join(lines) + "\n"), "'c-call' has no results of its own")


def test_program_that_was_not_run():
    assert_fails(judge(expected=("c-call", "c-other")), "'c-other' has no results of its own")


def test_results_beyond_the_plan():
    assert_fails(judge(ktap=KTAP + "not ok 4 extra\n"), "more results than planned")


def test_program_that_gives_up():
    ktap = KTAP.replace("  ok 1 device.null\n", "  Bail out! no device\n  ok 1 device.null\n")
    assert_fails(judge(ktap=ktap), "a program gave up: no device")


def test_program_that_skips_everything():
    ktap = KTAP.replace("device.null", "device.null # SKIP").replace("flags", "flags # SKIP")
    assert_fails(judge(ktap=ktap), "every test of 'c-call' was skipped")


def test_noise_instead_of_results():
    assert not judge(ktap="hello\n" * 100).passed


def test_panic():
    console = CONSOLE + "[    1.9] sysdemo-init: stage c-call\n"
    console += "[    2.0] Kernel panic - not syncing: planted\n"
    judged = judge(console=console, status="stage load\nstage c-call\n", ktap=KTAP[:80])
    assert judged.problems[0].startswith("panic during 'c-call': ")
    assert_fails(judged, "without an exit status")


def test_warning_spoils_a_good_run():
    console = CONSOLE + "[    2.0] WARNING: x.c:1 at f+0x1/0x2, CPU#0: insmod/1\n"
    assert_fails(judge(console=console), "kernel WARNING during boot")


def test_hang():
    judged = judge(timed_out=15, status="stage load\nstage c-call\n", ktap=KTAP[:80])
    assert_fails(judged, "hung during 'c-call': no end after 15 s")


def test_hang_before_init():
    assert_fails(judge(timed_out=15, status="", ktap=""), "hung before it reached its init")


def test_hang_after_everything_was_said():
    assert_fails(judge(timed_out=15), "hung")


def test_early_end():
    judged = judge(status="stage load\n", ktap="KTAP version 1\n1..3\n")
    assert_fails(judged, "ended during 'load' without an exit status")


def test_guest_that_never_starts():
    assert_fails(judge(console="", status="", ktap=""), "before it reached its init")


def test_qemu_that_fails():
    judged = judge(console="", status="", ktap="", qemu_error="could not load kernel")
    assert judged.problems[0] == "QEMU failed: could not load kernel"


def test_garbled_exit_status():
    assert_fails(judge(status="stage load\nexit x\n"), "without an exit status")
    assert_fails(judge(status="stage load\nexit\n"), "without an exit status")
    assert_fails(judge(status="stage load\nexit 0\nexit 0\n"), "without an exit status")
    assert_fails(judge(status="stage load\nexit 0\nstage more\n"), "without an exit status")


def test_interruption():
    assert_fails(judge(interrupted=True, status="stage load\n"), "interrupted during 'load'")

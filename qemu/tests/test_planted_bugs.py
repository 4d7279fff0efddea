# SPDX-License-Identifier: GPL-2.0
"""Bugs that are planted into guests of the debug kernel, to see that its alarms ring.

They are in modules for tests, qemu/test-modules/broken.c and crowd.c. Each has to end in a failure
that names it and the program in which it happened.
"""

import pytest
from guests import GOOD_TEST, TOP, assert_fails

BROKEN = TOP / "build/test-modules-debug/broken.ko"
CROWD = TOP / "build/test-modules-debug/crowd.ko"
STRESS = TOP / "build/userspace/stress/c-stress"


def program(bug):
    """A program of which all tests pass, and which plants a bug."""
    return f"{GOOD_TEST}insmod /usr/lib/sysdemo/broken.ko what={bug}\nrmmod broken\n"


def boot_with(boot_debug, *bugs):
    return boot_debug({bug: program(bug) for bug in bugs}, files=[BROKEN], timeout=240)


def test_no_bug(boot_debug):
    status, said = boot_debug({"fine": GOOD_TEST}, timeout=240)
    assert status == 0, said
    assert "kunit " in said
    assert "leaks " in said


@pytest.mark.parametrize(
    ("bug", "message"),
    [
        ("use_after_free", "slab-use-after-free in use_after_free"),
        ("out_of_bounds", "slab-out-of-bounds in out_of_bounds"),
    ],
)
def test_memory(boot_debug, bug, message):
    assert_fails(boot_with(boot_debug, bug), f"KASAN report during '{bug}': ", message)


def while_it_races(command):
    """A program that makes the device's users race, and runs a command meanwhile."""
    return f"{GOOD_TEST}insmod /usr/lib/sysdemo/crowd.ko\n{command} >/tmp/said\nrmmod crowd\n"


def test_contexts_locks_and_a_race(boot_debug):
    """A race is what two callers at once do wrong: one after the other does no harm.

    It comes last, by its name: after a report of KASAN's lockdep looks no further.
    """
    programs = {bug: program(bug) for bug in ("sleep_in_atomic", "lock_inversion")}
    stress = "/usr/lib/sysdemo/c-stress --seconds 4 -t everything_at_once"
    programs["use_alone"] = while_it_races("for _ in 1 2 3 4 5; do sysdemo-call null; done")
    programs["use_at_once"] = while_it_races(stress)
    assert_fails(
        boot_debug(programs, files=[BROKEN, CROWD, STRESS], timeout=240),
        "KASAN report during 'use_at_once': ",
        " in replace_last",
        "sleep in atomic context during 'sleep_in_atomic': ",
        "lockdep report during 'lock_inversion': ",
        "possible circular locking dependency",
    )


def test_leak_arithmetic_and_a_reference_that_is_kept(boot_debug):
    """None of these is a crash: each is found by a check that has to look for it."""
    assert_fails(
        boot_with(boot_debug, "leak", "shift_too_far", "hold"),
        "UBSAN report during 'shift_too_far': ",
        "memory leak during 'leaks': ",
        "unload, reload, leaks",
    )

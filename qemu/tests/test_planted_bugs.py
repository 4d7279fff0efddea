# SPDX-License-Identifier: GPL-2.0
"""Bugs that are planted into guests of the debug kernel, to see that its alarms ring.

They are in a module for tests, qemu/test-modules/broken.c. Each has to end in a failure that names
it and the program in which it happened.
"""

import pytest
from guests import GOOD_TEST, TOP, assert_fails

BROKEN = TOP / "build/test-modules-debug/broken.ko"


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


def test_contexts_and_locks(boot_debug):
    assert_fails(
        boot_with(boot_debug, "sleep_in_atomic", "lock_inversion"),
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

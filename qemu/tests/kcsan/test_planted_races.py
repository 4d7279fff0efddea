# SPDX-License-Identifier: GPL-2.0
"""Data races that are planted into guests of the KCSAN kernel, to see that its alarm rings.

They are in a module for tests, qemu/test-modules/threads.c. `make kcsan-test` runs these tests, and
nothing else does.
"""

from guests import GOOD_TEST, TOP, assert_fails

RACING = TOP / "build/test-modules-kcsan/racing.ko"


def boot_with(boot_kcsan, *ways):
    """Boots a guest in which two threads add to a number, in some ways one after the other."""
    programs = {
        way: f"{GOOD_TEST}insmod /usr/lib/sysdemo/racing.ko how={way} || exit\nrmmod racing\n"
        for way in ways
    }
    return boot_kcsan(programs, files=[RACING], timeout=240)


def test_plain_accesses_are_a_race(boot_kcsan):
    assert_fails(
        boot_with(boot_kcsan, "plain_in_c", "plain_in_rust"),
        "KCSAN report during 'plain_in_c': ",
        "data-race in plain_in_c [racing] / plain_in_c [racing]",
        "KCSAN report during 'plain_in_rust': ",
        "data-race in plain_in_rust [racing] / plain_in_rust [racing]",
    )


def test_marked_accesses_are_none(boot_kcsan):
    status, said = boot_with(boot_kcsan, "marked_in_c", "marked_in_rust")
    assert status == 0, said


def test_that_nothing_looks(boot_kcsan):
    boot_kcsan.options += ("--no-skips",)
    outcome = boot_kcsan({"fine": GOOD_TEST}, append="kcsan.early_enable=0", timeout=240)
    assert_fails(outcome, "1 tests were skipped")

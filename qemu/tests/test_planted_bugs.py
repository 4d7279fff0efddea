# SPDX-License-Identifier: GPL-2.0
"""Bugs that are planted into a guest of the debug kernel, to see that its alarms ring.

They are in modules for tests, qemu/test-modules/. Each has to end in a failure that names it and
the program in which it happened. That a guest without them passes is what `make debug-test` shows.
"""

import pytest
from guests import GOOD_TEST, TOP, assert_fails, summary_of

BROKEN = TOP / "build/test-modules-debug/broken.ko"
CROWD = TOP / "build/test-modules-debug/crowd.ko"
RACING = TOP / "build/test-modules-debug/racing.ko"
TRAP = TOP / "build/test-modules-debug/trap.ko"
STRESS = TOP / "build/userspace/stress/c-stress"
SWEEP = TOP / "build/userspace/debug/c-sweep"

# Most of the tests ask about one guest.
in_one_guest = pytest.mark.xdist_group("planted bugs")


def program(bug, plant="broken.ko what", setting=None):
    """A program of which all tests pass, and which plants a bug: with a setting of the kernel's."""
    insmod = f"insmod /usr/lib/sysdemo/{plant}={bug}\nrmmod {plant.partition('.')[0]}\n"
    if setting:
        file, value = setting
        file = f"/proc/sys/kernel/{file}"
        insmod = f"old=$(cat {file})\necho {value} >{file}\n{insmod}echo $old >{file}\n"
    return GOOD_TEST + insmod


def while_it_races(command):
    """A program that makes the device's users race, and runs a command meanwhile."""
    return f"{GOOD_TEST}insmod /usr/lib/sysdemo/crowd.ko\n{command} >/tmp/said\nrmmod crowd\n"


def while_calls_keep(what):
    """The sweep of faults over one operation, while calls keep something that nobody gives back."""
    return (
        f"#!/bin/sh\ninsmod /usr/lib/sysdemo/trap.ko what={what} || exit\n"
        "/usr/lib/sysdemo/c-sweep /dev/sysdemo close\nstatus=$?\nrmmod trap\nexit $status\n"
    )


# In the order in which they run. Lockdep comes before KASAN, after whose first report it looks no
# further.
PLANTED = [
    "hold",
    "leak",
    "lock_inversion",
    "object_in_use",
    "out_of_bounds",
    "shift_too_far",
    "sleep_in_atomic",
    "use_after_free",
]


@pytest.fixture(scope="module")
def outcome(boot_debug_once):
    """What came of a guest with a bug of each kind, and a good program."""
    programs = {bug: program(bug) for bug in PLANTED}
    programs["hang"] = program("hang", setting=("hung_task_timeout_secs", 1))
    # What kills who does it would end the guest.
    survived = ("panic_on_oops", 0)
    programs["overflow_in_rust"] = program("overflow_in_rust", "racing.ko how", survived)
    programs["usercopy_beyond"] = program("usercopy_beyond", setting=survived)
    for what in ("descriptor", "memory"):
        programs[f"keep_{what}"] = while_calls_keep(what)
    programs["fine"] = GOOD_TEST
    # After its first report KASAN says nothing more, unless it is told to.
    return boot_debug_once(
        programs,
        files=[BROKEN, RACING, TRAP, SWEEP],
        # This ends a guest that hangs, and no more. Beside two others, as in `make check`, this one
        # has taken over six minutes.
        timeout=900,
        append="kasan_multi_shot",
    )


@in_one_guest
@pytest.mark.parametrize(
    "words",
    [
        ("KASAN report during 'use_after_free': ", "slab-use-after-free in use_after_free"),
        ("KASAN report during 'out_of_bounds': ", "slab-out-of-bounds in out_of_bounds"),
        ("sleep in atomic context during 'sleep_in_atomic': ",),
        ("lockdep report during 'lock_inversion': ", "possible circular locking dependency"),
        ("UBSAN report during 'shift_too_far': ",),
        ("kernel WARNING during 'object_in_use': ", "debugobjects.c"),
        ("hung task during 'hang': ",),
        ("kernel BUG during 'overflow_in_rust': ", "bug.c"),
        ("kernel BUG during 'usercopy_beyond': ", "usercopy.c"),
        # The sweep's own verdict: of these no part of the kernel complains.
        ("keep_memory/abi.close", "it keeps memory each time: memory+0x"),
        ("keep_descriptor/abi.close", "file descriptors are left over"),
        # These two are no crash: each is found by a check that has to look for it.
        ("memory leak during 'leaks': ",),
        ("unload, reload, ",),
    ],
    ids=lambda words: words[0].strip(": "),
)
def test_alarm_rings(outcome, words):
    assert_fails(outcome, *words)


@in_one_guest
def test_leak_is_told_by_who_leaked(outcome):
    """By the size: what is held leaks as well, and the names of a module go with it."""
    assert "(size 4096)" in outcome[1]


@in_one_guest
def test_no_alarm_without_a_bug(outcome):
    """The program without one is not blamed, and neither are those with one for another's."""
    summary = summary_of(outcome)
    assert "during 'fine'" not in summary
    assert summary.count(" report during ") == 4


@pytest.mark.xdist_group("planted race")
def test_race(boot_debug):
    """A race is what two callers at once do wrong: one after the other does no harm.

    Its guest is its own: what it does to the kernel's memory may end that.
    """
    stress = "/usr/lib/sysdemo/c-stress --seconds 4 -t everything_at_once"
    programs = {
        "use_alone": while_it_races("for _ in 1 2 3 4 5; do sysdemo-call null; done"),
        "use_at_once": while_it_races(stress),
    }
    outcome = boot_debug(programs, files=[CROWD, STRESS], timeout=600)
    assert_fails(outcome, "KASAN report during 'use_at_once': ", " in replace_last")
    assert "during 'use_alone'" not in summary_of(outcome)

# SPDX-License-Identifier: GPL-2.0
"""Real guests in which something goes wrong: each must end in a failure with its own message.

They are the guest of `make qemu-test` to the letter; only the programs in its /tests differ.
"""

import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
STOCK = Path(os.environ["STOCK"])
KDIR = os.environ["STOCK_KDIR"]
MODULE = TOP / "build/module/sysdemo.ko"
BROKEN = TOP / "build/broken"

GOOD_TEST = "#!/bin/sh\necho TAP version 13\necho 1..1\necho ok 1 first\n"


@pytest.fixture(scope="session")
def broken_module():
    subprocess.run(
        ["make", "-C", KDIR, f"M={TOP}/qemu/tests/broken", f"MO={BROKEN}", "modules"],
        check=True,
        capture_output=True,
    )
    return BROKEN / "broken.ko"


@pytest.fixture
def boot(tmp_path):
    """Boots a guest with the given programs; gives the exit status and what was said."""

    def boot(tests, module=MODULE, files=(), timeout=60, append=""):
        folder = tmp_path / "tests"
        folder.mkdir()
        for name, text in tests.items():
            (folder / name).write_text(text)
        image = tmp_path / "image.cpio"
        subprocess.run([TOP / "qemu/make-image", module, folder, image, *files], check=True)
        done = subprocess.run(
            [
                *(TOP / "qemu/boot.py", "test", "--kernel", os.environ["STOCK_IMAGE"]),
                *("--initramfs", image, "--results", tmp_path / "results"),
                *("--ktap-tools", STOCK / "tools/kunit", "--timeout", str(timeout)),
                *("--accel", "tcg", "--append", append),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout + 30,
            check=False,
        )
        assert (tmp_path / "results.xml").exists()
        return done.returncode, done.stdout

    return boot


def assert_fails(outcome, *words):
    status, said = outcome
    assert status == 1, said
    summary = said[said.rindex(": FAILED after") :]
    for word in words:
        assert word in summary, summary
    # Where to look further.
    assert "The console's last lines:" in summary
    assert "console.log" in summary


def test_good_guest(boot):
    status, said = boot({"fine": GOOD_TEST})
    assert status == 0, said
    assert ": passed in" in said


def test_failing_test(boot):
    bad = GOOD_TEST.replace("echo ok 1 first", "echo '# it is 1'; echo not ok 1 first; exit 1")
    assert_fails(boot({"bad": bad}), "tests failed: bad/first", "# it is 1", "exit status is 1")


def test_panic(boot):
    outcome = boot({"crash": "#!/bin/sh\necho c >/proc/sysrq-trigger\n"})
    assert_fails(outcome, "panic during 'crash': ", "sysrq triggered crash")


def test_hanging_program(boot):
    outcome = boot({"sleep": "#!/bin/sh\nsleep 1000\n"}, timeout=12)
    assert_fails(outcome, "hung during 'sleep': no end after 12 s")


def test_hanging_kernel(boot, broken_module):
    """With interrupts off on both CPUs nothing in the guest can tell any more."""
    spin = "#!/bin/sh\ninsmod /lib/broken.ko what=spin &\ninsmod /lib/broken.ko what=spin\n"
    outcome = boot({"spin": spin}, files=[broken_module], timeout=12)
    assert_fails(outcome, "hung during 'spin': no end after 12 s")


def test_warning(boot, broken_module):
    """All tests pass; the kernel's log does not."""
    warn = GOOD_TEST + "insmod /lib/broken.ko what=warn\n"
    outcome = boot({"warn": warn}, files=[broken_module])
    assert_fails(outcome, "kernel WARNING during 'warn'", "broken_init")
    assert "tests failed: taint" in outcome[1]


def test_oops(boot, broken_module):
    oops = GOOD_TEST + "insmod /lib/broken.ko what=oops\n"
    assert_fails(boot({"oops": oops}, files=[broken_module]), "oops during 'oops': ")


def test_early_end(boot):
    outcome = boot({"end": "#!/bin/sh\npoweroff -f\n"})
    assert_fails(outcome, "ended during 'end' without an exit status")


def test_fewer_results_than_planned(boot):
    outcome = boot({"few": GOOD_TEST.replace("1..1", "1..2")})
    assert_fails(outcome, "the results disagree with their plan")


def test_lost_plan(boot):
    outcome = boot({"planless": GOOD_TEST.replace("echo 1..1\n", "")})
    assert_fails(outcome, "the results of 'planless' have no plan")


def test_program_that_fails_after_its_tests(boot):
    outcome = boot({"late": GOOD_TEST + "exit 1\n"})
    assert_fails(outcome, "'late' failed as a whole, though its tests did not")


def test_program_that_crashes(boot):
    segv = GOOD_TEST.replace("echo ok", "kill -SEGV $$; echo ok")
    assert_fails(boot({"segv": segv}), "exit status is 1")


def test_module_that_is_none(boot, tmp_path):
    none = tmp_path / "none.ko"
    none.write_text("no module\n")
    assert_fails(boot({"fine": GOOD_TEST}, module=none), "tests failed: load")


def test_no_init(boot):
    outcome = boot({"fine": GOOD_TEST}, append="rdinit=/nonexistent")
    assert_fails(outcome, "before it reached its init")

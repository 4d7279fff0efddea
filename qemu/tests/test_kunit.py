# SPDX-License-Identifier: GPL-2.0
"""What the guest's init makes of the results of KUnit, as the kernel's debugfs shows them."""

import re
import subprocess

import pytest
from guests import TOP

INIT = (TOP / "qemu/guest/init").read_text()

GOOD = {
    "sysdemo_table": """KTAP version 1
1..1
    KTAP version 1
    # Subtest: sysdemo_table
    1..2
    ok 1 numbers
    ok 2 masks
# sysdemo_table: pass:2 fail:0 skip:0 total:2
ok 1 sysdemo_table
""",
    "sysdemo_regs": """KTAP version 1
1..1
    KTAP version 1
    # Subtest: sysdemo_regs
    1..1
    # narrow: EXPECTATION FAILED at x.rs:1
    ok 1 narrow
ok 1 sysdemo_regs
""",
}


@pytest.fixture
def kunit(tmp_path):
    """Runs that function of init's; gives its exit status and what it said."""

    def kunit(suites, in_module):
        for name, text in suites.items():
            folder = tmp_path / "kunit" / name
            folder.mkdir(parents=True)
            (folder / "results").write_text(text)
        (tmp_path / "kunit-suites").write_text(f"{in_module}\n")
        function = re.search(r"^kunit\(\) \{\n.*?^\}\n", INIT, re.M | re.S)[0]
        function = function.replace("/usr/lib/sysdemo", str(tmp_path)).replace(
            "/tmp/suites", str(tmp_path / "suites")
        )
        done = subprocess.run(
            ["busybox", "sh", "-c", f"kunit={tmp_path}/kunit\n{function}kunit"],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout.splitlines()

    return kunit


def test_all_is_well(kunit):
    assert kunit(GOOD, 2) == (
        0,
        [
            *("TAP version 13", "1..3"),
            *("ok 1 sysdemo_regs.narrow", "ok 2 sysdemo_table.numbers", "ok 3 sysdemo_table.masks"),
            "# 2 of 2 suites",
        ],
    )


def test_a_failure(kunit):
    bad = GOOD["sysdemo_table"].replace("ok 2 masks", "not ok 2 masks")
    status, said = kunit(GOOD | {"sysdemo_table": bad}, 2)
    assert status == 1
    assert "not ok 3 sysdemo_table.masks" in said


def test_a_suite_that_stopped_half_way(kunit):
    half = GOOD["sysdemo_table"].replace("    ok 2 masks\n", "")
    status, said = kunit(GOOD | {"sysdemo_table": half}, 2)
    assert status == 1
    # The plan is its own.
    assert said[1] == "1..3"


@pytest.mark.parametrize(("suites", "in_module"), [(GOOD, 3), ({}, 2), ({}, 0)])
def test_a_suite_that_is_not_there(kunit, suites, in_module):
    assert kunit(suites, in_module)[0] == 1

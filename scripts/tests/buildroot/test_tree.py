# SPDX-License-Identifier: GPL-2.0
"""Our BR2_EXTERNAL tree in the eyes of a real Buildroot; `make check BUILDROOT=<folder>` only."""

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[3]
TREE = TOP / "qemu/buildroot"
BUILDROOT = Path("/buildroot")
# A kernel newer than what Buildroot knows has no hash there.
IGNORED = TREE / ".checkpackageignore"
DEFCONFIGS = sorted(TREE.glob("configs/*_defconfig"))


def make(out, *words):
    """Runs Buildroot's make on our tree."""
    done = subprocess.run(
        ["make", "-C", BUILDROOT, f"O={out}", f"BR2_EXTERNAL={TREE}", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(params=DEFCONFIGS, ids=lambda path: path.name)
def configured(request, tmp_path):
    """A configuration as Buildroot took it: its file, the folder, and what Kconfig said."""
    return request.param, tmp_path, make(tmp_path, request.param.name)


def test_no_symbol_is_lost(configured):
    defconfig, out, said = configured
    config = (out / ".config").read_text().splitlines()
    assert "warning" not in said, said
    for line in defconfig.read_text().splitlines():
        assert line in config


def test_defconfig_is_minimal_and_in_order(configured):
    defconfig, out, _ = configured
    make(out, "savedefconfig", f"BR2_DEFCONFIG={out}/saved")
    assert (out / "saved").read_text() == defconfig.read_text()


def test_packages_are_built(configured):
    """Buildroot's own list of what it will build has ours in it."""
    defconfig, out, _ = configured
    targets = make(out, "-s", "--no-print-directory", "show-targets").split()
    assert {"busybox", "strace", "sysdemo-prebuilt"} <= set(targets)
    assert ("sysdemo" in targets) == ("linux" in targets) == ("qemu" in defconfig.name)


def test_list_of_defconfigs(tmp_path):
    said = make(tmp_path, "list-defconfigs")
    for defconfig in DEFCONFIGS:
        assert re.search(rf"\b{defconfig.name}\b", said)


def test_check_package():
    files = [path for path in sorted(TREE.rglob("*")) if path.is_file()]
    done = subprocess.run(
        [BUILDROOT / "utils/check-package", "-b", "--ignore-list", IGNORED, *files],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=BUILDROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "\n0 warnings generated" in done.stdout

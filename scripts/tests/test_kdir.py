# SPDX-License-Identifier: GPL-2.0
"""A kernel of the user's own: built against with the tools at hand."""

import os
import subprocess
from pathlib import Path

import pytest
from checkouts import copy_checkout

KDIR = Path(os.environ["STOCK_KDIR"])


@pytest.fixture
def checkout(tmp_path):
    return copy_checkout(tmp_path / "sysdemo")


def make(checkout, *words, **environment):
    done = subprocess.run(
        ["make", "--no-print-directory", "-C", str(checkout), f"KDIR={KDIR}", *words],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_module_of_kdir(checkout, tmp_path):
    """And no cache is needed for it."""
    status, said = make(checkout, "module", f"SYSDEMO_CACHE={tmp_path}/cache")
    assert status == 0, said
    assert not (tmp_path / "cache").exists()
    module = checkout / "build/module-kdir/sysdemo.ko"
    vermagic = subprocess.run(
        ["modinfo", "-F", "vermagic", str(module)], capture_output=True, text=True, check=True
    ).stdout
    release = (KDIR / "include/config/kernel.release").read_text().strip()
    assert vermagic.startswith(release + " ")


def test_error_of_the_compiler_is_the_user_s(checkout, tmp_path):
    """A rustc that cannot read the metadata says so itself, and the build fails."""
    rustc = tmp_path / "rustc"
    rustc.write_text(
        "#!/bin/sh\necho 'error[E0514]: found crate compiled by another rustc'\nexit 1\n"
    )
    rustc.chmod(0o755)
    status, said = make(checkout, "module", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert status != 0
    assert "E0514" in said

# SPDX-License-Identifier: GPL-2.0
"""The Rust tester's own tests: whether a difference of module and kernel would be seen."""

import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


def test_units_of_the_tester():
    done = subprocess.run(
        [
            *("cargo", "test", "--quiet", "--locked", "--package", "tester"),
            *("--manifest-path", TOP / "userspace-test/rust/Cargo.toml"),
            # As scripts/in-root/build.mk builds it.
            *("--release", "--target", "x86_64-unknown-linux-gnu"),
            *("--target-dir", TOP / "build/userspace/cargo"),
        ],
        env=os.environ
        | {"CARGO_HOME": "/cache/cargo", "RUSTFLAGS": "-C target-feature=+crt-static"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(done.stdout, pytrace=False)
    # A test that is not there passes as well.
    assert "test result: ok. 9 passed; 0 failed; 0 ignored" in done.stdout

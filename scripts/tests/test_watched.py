# SPDX-License-Identifier: GPL-2.0
"""A module of which KCSAN would not see the Rust code is noticed when it is built."""

import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
CHECK = TOP / "scripts/in-root/check-watched"
ADD = "pub fn add(p: &mut u64) { *p += 1 }"


@pytest.fixture
def compiled(tmp_path):
    """Compiles a little Rust for this machine, with more options of rustc's."""

    def compiled(*options, source=f"#[inline(never)] {ADD}", name="x"):
        (tmp_path / "x.rs").write_text(source)
        subprocess.run(
            [
                *("rustc", "--crate-type=lib", "--emit=obj", "-Copt-level=2"),
                *("-o", f"{name}.o", "--crate-name", name),
                *("-Csymbol-mangling-version=v0", "-Crelocation-model=static", *options, "x.rs"),
            ],
            cwd=tmp_path,
            env=os.environ | {"RUSTC_BOOTSTRAP": "1"},
            check=True,
        )
        return tmp_path / f"{name}.o"

    return compiled


def check(module):
    return subprocess.run([CHECK, module], capture_output=True, text=True, check=False)


def test_watched(compiled):
    done = check(compiled("-Zsanitizer=thread"))
    assert done.returncode == 0, done.stderr
    assert "accesses in 1 of 1 functions in Rust" in done.stdout


def test_not_watched(compiled):
    done = check(compiled())
    assert done.returncode == 1
    assert "KCSAN is told of no access of its Rust code" in done.stderr


def test_only_others_watched(compiled):
    """What is watched is not in Rust, by its name: as if only the C code were."""
    source = f"#[no_mangle] {ADD}"
    done = check(compiled("-Zsanitizer=thread", source=source))
    assert done.returncode == 1
    assert "KCSAN is told of no access of its Rust code" in done.stderr


# One that calls another, which is elsewhere, and does nothing else.
CALL = 'unsafe extern "C" { safe fn far(); } #[inline(never)] pub fn call() { far(); far() }'


def test_calls_alone(compiled, tmp_path):
    """They are told of although they read and write nothing."""
    one, two = compiled("-Zsanitizer=thread"), compiled("-Zsanitizer=thread", source=CALL, name="y")
    subprocess.run(["ld", "-r", "-o", tmp_path / "both.o", one, two], check=True)
    assert check(tmp_path / "both.o").returncode == 0


def test_too_few_are_watched(compiled, tmp_path):
    """As if the option had been lost for a part of the module."""
    one, two = compiled("-Zsanitizer=thread"), compiled(source=CALL, name="y")
    subprocess.run(["ld", "-r", "-o", tmp_path / "both.o", one, two], check=True)
    done = check(tmp_path / "both.o")
    assert done.returncode == 1
    assert "KCSAN is told of 1 of 2 functions in Rust" in done.stderr


def test_stock_module():
    done = check(TOP / "build/module/sysdemo.ko")
    assert done.returncode == 1
    assert "KCSAN is told of no access of its Rust code" in done.stderr


def test_no_module(tmp_path):
    assert check(tmp_path / "none.ko").returncode != 0

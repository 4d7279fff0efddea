# SPDX-License-Identifier: GPL-2.0
"""What the compiler has to refuse and to take, tried on changed copies of the module."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
KDIR = os.environ["STOCK_KDIR"]

CALL = """
syscall! {{
    /// For this test alone.
    #[nr({nr})]
    fn {name}(_ctx: &Context<'_>{parameters}) -> Result<i64> {{
        Ok(0)
    }}
}}
"""


@pytest.fixture
def copy(tmp_path):
    """A copy of what the module is made of."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("Kbuild", "rust_sysdemo.rs"):
        shutil.copy(TOP / name, source / name)
    for name in ("rust_sysdemo", "uapi"):
        shutil.copytree(TOP / name, source / name)
    return source


def build(source):
    done = subprocess.run(
        ["make", "-C", KDIR, f"M={source}", f"MO={source.parent}/build", "modules"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def add_call(source, nr, parameters="", name="extra"):
    null = source / "rust_sysdemo/calls/null.rs"
    null.write_text(null.read_text() + CALL.format(nr=nr, name=name, parameters=parameters))
    entry = f"null::NULL,\n    null::{name.upper()},"
    change(source / "rust_sysdemo/calls/mod.rs", "null::NULL,", entry)


def add_numbers(source, *names):
    """Numbers for more calls, at the end of the table."""
    header = source / "uapi/linux/sysdemo.h"
    old, count = re.search(r"#define (SYSDEMO_NR_CALLS\t(\d+))", header.read_text()).groups()
    defines = [f"SYSDEMO_NR_{name}\t{int(count) + i}" for i, name in enumerate(names)]
    defines.append(f"SYSDEMO_NR_CALLS\t{int(count) + len(names)}")
    change(header, old, "\n#define ".join(defines))


def test_number_that_is_taken(copy):
    add_call(copy, "uapi::SYSDEMO_NR_GETPID")
    status, said = build(copy)
    assert status != 0
    assert "two calls have the same number" in said


def test_number_beyond_the_table(copy):
    add_call(copy, "uapi::SYSDEMO_NR_CALLS")
    status, said = build(copy)
    assert status != 0
    assert "a call's number is beyond SYSDEMO_NR_CALLS" in said


def test_seven_parameters(copy):
    add_numbers(copy, "EXTRA")
    add_call(copy, "uapi::SYSDEMO_NR_EXTRA", "".join(f", {name}: u8" for name in "abcdefg"))
    status, said = build(copy)
    assert status != 0
    assert "at most six parameters" in said


def test_type_that_is_no_argument(copy):
    add_call(copy, "uapi::SYSDEMO_NR_CALLS", ", a: bool")
    status, said = build(copy)
    assert status != 0
    assert "Argument" in said


def test_name_that_is_too_long(copy):
    add_call(copy, "uapi::SYSDEMO_NR_CALLS", f", {'a' * 32}: u8")
    status, said = build(copy)
    assert status != 0
    assert "a parameter's name is too long" in said


def test_unsafe_outside_of_bridge(copy):
    null = copy / "rust_sysdemo/calls/null.rs"
    text = "/// No.\n#[allow(dead_code)]\nfn f(p: *const u8) -> u8 {\n"
    text += "    // SAFETY: None.\n    unsafe { *p }\n}\n"
    null.write_text(null.read_text() + text)
    status, said = build(copy)
    assert status != 0
    assert "usage of an `unsafe` block" in said


def test_every_number_of_parameters(copy):
    """One and five are the counts that no call has."""
    types = {
        "one": ["i64"],
        "two": ["u64", "usize"],
        "five": ["i8", "i16", "i32", "i64", "usize"],
        "six": ["u8", "u16", "u32", "u64", "u8", "i8"],
    }
    add_numbers(copy, *(name.upper() for name in types))
    for name, each in types.items():
        parameters = "".join(f", _p{i}: {ty}" for i, ty in enumerate(each))
        add_call(copy, f"uapi::SYSDEMO_NR_{name.upper()}", parameters, name)
    status, said = build(copy)
    assert status == 0, said


def test_another_architecture(copy):
    """The rooms of x86 can be left out."""
    for path in copy.rglob("*.rs"):
        path.write_text(path.read_text().replace("CONFIG_X86_64", "CONFIG_ANOTHER"))
    change(copy / "Kbuild", "CONFIG_X86_64", "CONFIG_ANOTHER")
    status, said = build(copy)
    assert status == 0, said

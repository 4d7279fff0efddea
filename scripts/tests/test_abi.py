# SPDX-License-Identifier: GPL-2.0
"""The ABI is one: C's, in 64 and 32 bits, the Rust library's and the module's own idea of it.

The module's types are those that Kbuild's bindgen made when it was built, the library's those of
its build script, and C's are the header itself. A program is made for each that prints the numbers
and the layouts; they must print the same.
"""

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
HEADER = TOP / "uapi/linux/sysdemo.h"
MODULE = TOP / "build/module/uapi_generated.rs"
CARGO = TOP / "build/userspace/cargo"

# What is no number.
NOT_NUMBERS = {"SYSDEMO_DEVICE"}


def library():
    """The newest types that the library was built with."""
    found = CARGO.glob("*/release/build/sysdemo-*/out/uapi.rs")
    return max(found, key=lambda path: path.stat().st_mtime)


def structures(header):
    """The header's structures and their fields, in order."""
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    found = {}
    for name, body in re.findall(r"struct (\w+) \{(.*?)\n\};", text, flags=re.S):
        found[name] = re.findall(r"(\w+)(?:\[\w+\])?;", body)
    return found


def constants(header):
    """The header's numbers."""
    names = re.findall(r"^#define (SYSDEMO_\w+)[ \t]+\S", header, flags=re.M)
    return [name for name in names if name not in NOT_NUMBERS]


def run(*command):
    return subprocess.run(
        [str(word) for word in command], check=True, capture_output=True, text=True
    ).stdout.splitlines()


def c_says(tmp_path, *flags):
    text = HEADER.read_text()
    lines = ["#include <stddef.h>", "#include <stdio.h>", "#include <linux/sysdemo.h>"]
    lines += ["int main(void)", "{"]
    for name, fields in structures(text).items():
        lines.append(f'printf("{name} %zu\\n", sizeof(struct {name}));')
        for field in fields:
            lines.append(f'printf("{name}.{field} %zu\\n", offsetof(struct {name}, {field}));')
    for name in constants(text):
        lines.append(f'printf("{name} %llu\\n", (unsigned long long)({name}));')
    source, program = tmp_path / "abi.c", tmp_path / "abi-c"
    source.write_text("\n".join([*lines, "}"]))
    run("gcc-14", *flags, f"-I{TOP}/uapi", "-o", program, source)
    return run(program)


def rust_says(tmp_path, types, commands):
    """What Rust's types say; `commands` is an expression for each ioctl command."""
    text = HEADER.read_text()
    # The derives of the kernel's crates have nothing to do with the layout.
    generated = re.sub(r"#\[derive\([^]]*\)\]", "#[derive(Clone, Copy)]", types.read_text())
    generated = generated.replace("::kernel::ffi::", "::core::ffi::")
    lines = ["#![allow(warnings)]", generated, "fn main() {"]
    for name, fields in structures(text).items():
        lines.append(f'println!("{name} {{}}", size_of::<{name}>());')
        for field in fields:
            field_name = {"type": "type_"}.get(field, field)
            lines.append(
                f'println!("{name}.{field} {{}}", std::mem::offset_of!({name}, {field_name}));'
            )
    for name in constants(text):
        value = commands(name) if re.match(r"SYSDEMO_IOC_(?!NR_|TYPE)", name) else name
        lines.append(f'println!("{name} {{}}", ({value}) as u64);')
    source, program = tmp_path / "abi.rs", tmp_path / "abi-rust"
    source.write_text("\n".join([*lines, "}"]))
    run("rustc", "--edition", "2021", "-o", program, source)
    return run(program)


def command(name):
    """The number of a command, from its structure and its direction, as `_IOC()` has it."""
    kind = name.removeprefix("SYSDEMO_IOC_")
    direction = {"INFO": 2, "RESTRICT": 1, "ENTER": 0}.get(kind, 3)
    size = f"size_of::<sysdemo_{kind.lower()}>() as u64" if direction else "0"
    number = f"SYSDEMO_IOC_NR_{kind} as u64"
    return f"{direction}u64 << 30 | ({size}) << 16 | (SYSDEMO_IOC_TYPE as u64) << 8 | {number}"


def test_header_is_understood():
    """What the other tests compare is all that there is."""
    found = structures(HEADER.read_text())
    assert found["sysdemo_call"] == ["nr", "flags", "args", "ret"]
    assert len(found) == HEADER.read_text().count("\nstruct sysdemo_")
    assert {"SYSDEMO_IOC_CALL", "SYSDEMO_NR_NULL", "SYSDEMO_IOC_TYPE"} <= set(
        constants(HEADER.read_text())
    )


def test_testers_know_every_call():
    """The list that the module's table is compared with is that of the header."""
    numbers = set(re.findall(r"^#define (SYSDEMO_NR_\w+)", HEADER.read_text(), flags=re.M))
    numbers.remove("SYSDEMO_NR_CALLS")
    table = (TOP / "userspace-test/c/tests/table.c").read_text()
    assert set(re.findall(r"\{ (SYSDEMO_NR_\w+), \"", table)) == numbers
    assert set(re.findall(r"EXPECT_EQ\(\d+, (SYSDEMO_NR_\w+)\)", table)) == numbers


def test_c_is_the_same_in_32_bits(tmp_path):
    wide = c_says(tmp_path)
    narrow = c_says(tmp_path, "-m32", "-idirafter", "/usr/include/x86_64-linux-gnu")
    assert len(wide) > 100
    assert wide == narrow


@pytest.mark.parametrize("who", ["module", "library"])
def test_rust_is_the_same(tmp_path, who):
    types = MODULE if who == "module" else library()
    assert rust_says(tmp_path, types, command) == c_says(tmp_path)


def test_a_difference_would_be_seen(tmp_path):
    changed = tmp_path / "changed.rs"
    changed.write_text(MODULE.read_text().replace("pub flags: __u32", "pub flags: __u64", 1))
    assert rust_says(tmp_path, changed, command) != c_says(tmp_path)

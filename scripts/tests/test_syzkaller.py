# SPDX-License-Identifier: GPL-2.0
"""fuzz/sysdemo.txt, the ABI for syzkaller, against the header.

syzkaller itself is no package of Debian's: its own compiler has not seen the description. What is
checked is that its constants are the header's, on both architectures, that no call, command, flag
or label is missing, that the structures of the commands are as large as those of the header, and
that every type that it uses is there.
"""

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
TEXT = (TOP / "fuzz/sysdemo.txt").read_text()
HEADER = (TOP / "uapi/linux/sysdemo.h").read_text()
CONSTANTS = dict(
    re.findall(r"^(SYSDEMO_\w+) = (\d+)$", (TOP / "fuzz/sysdemo.txt.const").read_text(), re.M)
)


def code():
    """The description without its comments."""
    return re.sub(r"^#.*$", "", TEXT, flags=re.M)


# For the architectures of sysdemo.txt.const, as scripts/in-root/build.mk has them.
COMPILERS = {"amd64": [], "386": ["-m32", "-static", "-idirafter", "/usr/include/x86_64-linux-gnu"]}


@pytest.fixture(scope="module", params=COMPILERS)
def values(request, tmp_path_factory):
    """What a compiler makes of each constant of the description."""
    folder = tmp_path_factory.mktemp("constants")
    names = sorted(set(re.findall(r"\bSYSDEMO_[A-Z][A-Z0-9_]*\b(?!_)", code())) - NOT_CONSTANTS)
    prints = "".join(f'printf("%s %llu\\n", "{n}", (unsigned long long){n});' for n in names)
    (folder / "c.c").write_text(
        f"#include <stdio.h>\n#include <linux/sysdemo.h>\nint main(void) {{ {prints} }}\n"
    )
    subprocess.run(
        [
            *("gcc-14", f"-I{TOP}/uapi", "-o", folder / "c", folder / "c.c"),
            *COMPILERS[request.param],
        ],
        check=True,
    )
    said = subprocess.run([folder / "c"], capture_output=True, text=True, check=True).stdout
    return dict(line.split() for line in said.splitlines())


# Parts of the names of calls.
NOT_CONSTANTS = set(re.findall(r"ioctl\$(SYSDEMO_[A-Z]+)", TEXT)) | {"SYSDEMO_CALL_"}


def test_constants_are_the_headers(values):
    assert values == CONSTANTS


def test_the_architectures():
    said = re.search(r"^arches = (.*)$", (TOP / "fuzz/sysdemo.txt.const").read_text(), re.M)[1]
    assert set(said.split(", ")) == set(COMPILERS)
    meta = re.search(r"^meta arches\[(.*)\]$", code(), re.M)[1]
    assert set(re.findall(r'"(\w+)"', meta)) == set(COMPILERS)


# What of the ABI has a name of this beginning: numbers, commands, flags, sizes, labels.
@pytest.mark.parametrize("kind", ["NR", "IOC", "ECHO", "FILL", "BATCH", "LABEL", "MMAP"])
def test_nothing_of_the_abi_is_missing(kind):
    wanted = set(re.findall(rf"^#define (SYSDEMO_{kind}_[A-Z0-9_]+)\s", HEADER, re.M))
    helpers = {"SYSDEMO_IOC_TYPE", *re.findall(r"SYSDEMO_(?:IOC_NR_\w+|\w+_MAX\b)", HEADER)}
    assert wanted - helpers
    for name in wanted - helpers:
        assert re.search(rf"\b{name}\b", code()), name


def parts(text):
    """What stands between the commas of a list, of which those within brackets are none."""
    depth, found = 0, [""]
    for character in text:
        depth += (character == "[") - (character == "]")
        if character == "," and not depth:
            found.append("")
        else:
            found[-1] += character
    return [part.strip() for part in found]


def size_of(type_, arguments=()):  # noqa: PLR0911
    """The size of a type of the description: of those kinds that it uses."""
    type_ = dict(arguments).get(type_, type_)
    name, _, inner = type_.removesuffix("]").partition("[")
    inner = parts(inner)
    if number := re.fullmatch(r"int(8|16|32|64)", name):
        return int(number[1]) // 8
    if name == "ptr64":
        return 8
    # Of syzkaller's own.
    if name == "fd":
        return 4
    if resource := re.search(rf"^resource {name}\[(\w+)\]$", code(), re.M):
        return size_of(resource[1])
    if name in ("const", "flags", "len", "bytesize"):
        return size_of(inner[1])
    if name == "array":
        return size_of(inner[0]) * int(CONSTANTS.get(inner[1], inner[1]))
    if alias := re.search(rf"^type {name} (.*)$", code(), re.M):
        return size_of(alias[1])
    names, fields = re.search(
        rf"^(?:type )?{name}(?:\[([A-Z0-9, ]+)\])? \{{\n(.*?)^\}}", code(), re.M | re.S
    ).groups()
    bound = dict(zip(parts(names or ""), inner, strict=False))
    return sum(
        size_of(field.split("\t")[2], bound) for field in fields.splitlines() if field.strip()
    )


COMMANDS = re.findall(
    r"^ioctl\$SYSDEMO_\w+\(.*const\[(SYSDEMO_IOC_\w+)\].*ptr\[\w+, (\w+)\]\)$", code(), re.M
)


@pytest.mark.parametrize(("command", "structure"), COMMANDS)
def test_structures_are_as_large_as_the_headers(command, structure):
    """The size is a part of a command's number."""
    assert size_of(structure) == int(CONSTANTS[command]) >> 16 & 0x3FFF


def test_commands_are_found():
    # One has a number instead of a structure.
    assert {command for command, _ in COMMANDS} | {"SYSDEMO_IOC_ENTER"} == {
        name for name in CONSTANTS if name.startswith("SYSDEMO_IOC_")
    }
    assert int(CONSTANTS["SYSDEMO_IOC_ENTER"]) >> 16 == 0


def test_a_batch_is_of_records():
    """Whatever a record is of, the next one has to be where it ends."""
    union = re.search(r"^sysdemo_calls \[\n(.*?)^\]", code(), re.M | re.S)[1]
    members = re.findall(r"\t\w+\t(\w+)", union)
    calls = [structure for command, structure in COMMANDS if command == "SYSDEMO_IOC_CALL"]
    assert sorted(members) == sorted(calls)


def test_sizes_of_info():
    """Commands that differ in nothing but their size."""
    numbers = re.search(r"^sysdemo_info_sizes = (.*)$", code(), re.M)[1].split(", ")
    fixed = ~(0x3FFF << 16)
    assert len(numbers) > 3
    for number in numbers:
        assert int(number, 16) & fixed == int(CONSTANTS["SYSDEMO_IOC_INFO"]) & fixed


def test_types_are_there():
    defined = set(re.findall(r"^(?:type )?(sysdemo_\w+)(?=[ \[])", code(), re.M))
    used = set(re.findall(r"[\[ ](sysdemo_\w+)", code()))
    assert used <= defined
    assert len(defined) > 15

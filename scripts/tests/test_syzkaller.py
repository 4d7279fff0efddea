# SPDX-License-Identifier: GPL-2.0
"""fuzz/sysdemo.txt, the ABI for syzkaller, against the header.

syzkaller itself is no package of Debian's: its own compiler has not seen the description. What is
checked is that its constants are the header's, that nothing of the ABI is missing, and that every
type that it uses is there.
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


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    """What a compiler makes of each constant of the description."""
    folder = tmp_path_factory.mktemp("constants")
    names = sorted(set(re.findall(r"\bSYSDEMO_[A-Z][A-Z0-9_]*\b(?!_)", code())) - NOT_CONSTANTS)
    prints = "".join(f'printf("%s %llu\\n", "{n}", (unsigned long long){n});' for n in names)
    (folder / "c.c").write_text(
        f"#include <stdio.h>\n#include <linux/sysdemo.h>\nint main(void) {{ {prints} }}\n"
    )
    subprocess.run(
        ["gcc-14", f"-I{TOP}/uapi", "-o", folder / "c", folder / "c.c"],
        check=True,
    )
    said = subprocess.run([folder / "c"], capture_output=True, text=True, check=True).stdout
    return dict(line.split() for line in said.splitlines())


# Parts of the names of calls.
NOT_CONSTANTS = set(re.findall(r"ioctl\$(SYSDEMO_[A-Z]+)", TEXT)) | {"SYSDEMO_CALL_"}


def test_constants_are_the_headers(values):
    assert values == CONSTANTS


@pytest.mark.parametrize("kind", ["NR", "IOC"])
def test_nothing_of_the_abi_is_missing(kind):
    wanted = set(re.findall(rf"^#define (SYSDEMO_{kind}_[A-Z0-9_]+)\s", HEADER, re.M))
    helpers = {"SYSDEMO_IOC_TYPE", *re.findall(r"SYSDEMO_IOC_NR_\w+", HEADER)}
    assert wanted - helpers
    for name in wanted - helpers:
        assert re.search(rf"\b{name}\b", code()), name


def test_types_are_there():
    defined = set(re.findall(r"^(?:type )?(sysdemo_\w+)(?=[ \[])", code(), re.M))
    used = set(re.findall(r"[\[ ](sysdemo_\w+)", code()))
    assert used <= defined
    assert len(defined) > 15

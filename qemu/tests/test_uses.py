# SPDX-License-Identifier: GPL-2.0
"""When a foreign tool has used the device enough: what qemu/guest/stress.sh says of the counter."""

import subprocess

import pytest
from guests import TOP

BEFORE = {"CALL": 5, "BATCH": 5, "TABLE": 5, "unknown": 5, "other": 5, "compat": 5}


@pytest.mark.parametrize(
    ("more", "lacking"),
    [
        ({"CALL": 1, "BATCH": 1, "TABLE": 1, "unknown": 17, "other": 1}, []),
        # As if nothing had been aimed at the device.
        ({"unknown": 100, "other": 100}, ["BATCH", "CALL", "TABLE"]),
        ({"CALL": 50, "BATCH": 50, "TABLE": 50}, ["other"]),
        # What is no ioctl does not count as one.
        ({"CALL": 1, "BATCH": 1, "TABLE": 1, "other": 100, "compat": 100}, ["ioctls"]),
        ({}, ["BATCH", "CALL", "TABLE", "ioctls", "other"]),
    ],
)
def test_uses(tmp_path, more, lacking):
    script = (TOP / "qemu/guest/stress.sh").read_text().replace("/tmp/before", f"{tmp_path}/before")
    (tmp_path / "before").write_text("".join(f"{kind} {n}\n" for kind, n in BEFORE.items()))
    after = {kind: n + more.get(kind, 0) for kind, n in BEFORE.items()}
    (tmp_path / "after").write_text("".join(f"{kind} {n}\n" for kind, n in after.items()))
    wanted = "wanted='CALL BATCH TABLE other' least=20"
    said = subprocess.run(
        ["busybox", "sh", "-c", f"{script}\ncounter={tmp_path}/after {wanted}\nunmet"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert sorted(said.split()) == lacking

# SPDX-License-Identifier: GPL-2.0
"""Which kernel is taken from an archive, whatever the archive has."""

import subprocess
from pathlib import Path

RESOLVE = Path(__file__).parents[1] / "in-root" / "resolve-kernel"

SOURCE_73 = "linux-source-7.3 7.3.4-1~bpo13+1"
HEADERS_73 = "linux-headers-7.3.4+deb13-cloud-amd64 7.3.4-1~bpo13+1"
SOURCE_72 = "linux-source-7.2 7.2.12-1~bpo13+1"
HEADERS_72 = "linux-headers-7.2.12+deb13-cloud-amd64 7.2.12-1~bpo13+1"


def resolve(*packages, supported=("7.3",)):
    stanzas = []
    for package in packages:
        name, version = package.split()
        stanzas.append(f"Package: {name}\nArchitecture: amd64\nVersion: {version}\nSize: 1\n")
    done = subprocess.run(
        [RESOLVE, *supported],
        input="\n".join(stanzas),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_supported_series_comes_first():
    assert resolve(SOURCE_72, HEADERS_72, SOURCE_73, HEADERS_73) == [
        "tested 7.3 7.3.4+deb13-cloud-amd64 7.3.4-1~bpo13+1",
        "untested 7.2 7.2.12+deb13-cloud-amd64 7.2.12-1~bpo13+1",
    ]


def test_supported_series_comes_before_newer_ones():
    newer = ("linux-source-8.0 8.0.1-1", "linux-headers-8.0.1+deb13-cloud-amd64 8.0.1-1")
    first, second = resolve(*newer, SOURCE_73, HEADERS_73)
    assert first.startswith("tested 7.3 ")
    assert second.startswith("untested 8.0 ")


def test_newest_of_the_series():
    older = "linux-headers-7.3.1+deb13-cloud-amd64 7.3.1-1~bpo13+1"
    tenth = "linux-headers-7.3.10+deb13-cloud-amd64 7.3.10-1~bpo13+1"
    # The source is there in one version only, as in the archive.
    lines = resolve(older, tenth, HEADERS_73, "linux-source-7.3 7.3.10-1~bpo13+1")
    assert lines == ["tested 7.3 7.3.10+deb13-cloud-amd64 7.3.10-1~bpo13+1"]


def test_numbers_are_compared_as_numbers():
    lines = resolve(
        *("linux-source-7.9 7.9.9-1", "linux-headers-7.9.9+deb13-cloud-amd64 7.9.9-1"),
        *("linux-source-7.10 7.10.1-1", "linux-headers-7.10.1+deb13-cloud-amd64 7.10.1-1"),
    )
    assert [line.split()[1] for line in lines] == ["7.10", "7.9"]


def test_no_supported_series_left():
    assert resolve(SOURCE_72, HEADERS_72) == [
        "untested 7.2 7.2.12+deb13-cloud-amd64 7.2.12-1~bpo13+1"
    ]


def test_source_of_another_version_is_no_use():
    assert resolve("linux-source-7.3 7.3.5-1~bpo13+1", HEADERS_73) == []


def test_other_flavours_are_no_candidates():
    assert (
        resolve(
            SOURCE_73,
            "linux-headers-7.3.4+deb13-amd64 7.3.4-1~bpo13+1",
            "linux-headers-7.3.4+deb13-rt-amd64 7.3.4-1~bpo13+1",
            "linux-headers-7.3.4+deb13-common 7.3.4-1~bpo13+1",
        )
        == []
    )


def test_empty_archive():
    assert resolve() == []

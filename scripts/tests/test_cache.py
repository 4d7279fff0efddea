# SPDX-License-Identifier: GPL-2.0
"""What is cached is whole or not there, however the making of it ends."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

COMMON = Path(__file__).parents[1] / "common.sh"


@pytest.fixture
def start(tmp_path):
    """Starts a shell that makes `thing` in the cache by the given commands."""
    cache = tmp_path / "cache"
    cache.mkdir()

    def start(recipe, after=""):
        script = f"""
            . {COMMON}
            recipe() {{ {recipe}; }}
            make_whole "$cache/thing-1" "the thing" recipe
            {after}
        """
        return subprocess.Popen(
            ["bash", "-c", script],
            env=os.environ | {"SYSDEMO_CACHE": str(cache)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    start.cache = cache
    start.thing = cache / "thing-1"
    start.partial = cache / "thing-1.partial"
    return start


def wait_for(path):
    for _ in range(500):
        if path.exists():
            return
        time.sleep(0.01)
    pytest.fail(f"{path} did not appear")


WHOLE = 'echo whole >"$1/file"'
# Says that it has begun, then takes for ever.
ENDLESS = 'echo half >"$1/file"; touch "$cache/begun"; sleep 1000'


def test_whole(start):
    assert start(WHOLE).wait() == 0
    assert (start.thing / "file").read_text() == "whole\n"
    assert not start.partial.exists()


def test_made_once(start):
    assert start(WHOLE).wait() == 0
    assert start("echo again >>$cache/thing-1/file").wait() == 0
    assert (start.thing / "file").read_text() == "whole\n"


@pytest.mark.parametrize(
    "failure", ["false; :", "die 'no network'", "exit 3", "(exit 4)", "echo >/dev/full; :"]
)
def test_failure_leaves_nothing(start, failure):
    process = start(f'echo half >"$1/file"; {failure}')
    assert process.wait() != 0
    assert not start.thing.exists()
    assert not start.partial.exists()
    assert start(WHOLE).wait() == 0


def test_commands_after_a_failure_do_not_run(start):
    """With `set -e` as the caller knows it, also within the recipe."""
    assert start('false; touch "$cache/went-on"').wait() != 0
    assert not (start.cache / "went-on").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_to_the_group_leaves_nothing(start, number):
    process = start(ENDLESS)
    wait_for(start.cache / "begun")
    os.killpg(process.pid, number)
    assert process.wait() != 0
    # The shell that cleans up is a child of the one that was waited for.
    for _ in range(500):
        if not start.partial.exists():
            break
        time.sleep(0.01)
    assert not start.thing.exists()
    assert not start.partial.exists()
    assert start(WHOLE).wait() == 0


def test_kill_leaves_nothing_that_is_taken_for_whole(start):
    process = start(ENDLESS)
    wait_for(start.cache / "begun")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not start.thing.exists()
    assert start(WHOLE).wait() == 0
    assert (start.thing / "file").read_text() == "whole\n"
    assert not start.partial.exists()


def test_two_at_once_make_it_once(start):
    slow = 'echo made >>"$cache/log"; touch "$cache/begun"; sleep 0.5; echo whole >"$1/file"'
    first = start(slow)
    wait_for(start.cache / "begun")
    second = start(slow)
    assert first.wait() == 0
    assert second.wait() == 0
    assert (start.cache / "log").read_text() == "made\n"
    assert "waiting for it" in second.stdout.read()


def test_the_second_takes_over_when_the_first_fails(start):
    first = start('touch "$cache/begun"; sleep 0.5; false')
    wait_for(start.cache / "begun")
    second = start(WHOLE)
    assert first.wait() != 0
    assert second.wait() == 0
    assert (start.thing / "file").exists()


def test_a_killed_run_leaves_no_lock(start):
    process = start(ENDLESS)
    wait_for(start.cache / "begun")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    started = time.monotonic()
    assert start(WHOLE).wait() == 0
    assert time.monotonic() - started < 5


def test_prune_removes_what_is_left_over(start):
    for name in ("thing-2.partial", "thing-3", "thing-4", "other-1.partial"):
        (start.cache / name).mkdir()
    long_ago = time.time() - 30 * 86400
    os.utime(start.cache / "thing-3", (long_ago, long_ago))
    assert start(WHOLE, "prune thing").wait() == 0
    assert sorted(path.name for path in start.cache.iterdir() if path.is_dir()) == [
        "other-1.partial",
        "thing-1",
        "thing-4",
    ]


def test_prune_leaves_alone_what_is_being_made(start):
    first = start(ENDLESS)
    wait_for(start.cache / "begun")
    subprocess.run(
        ["bash", "-c", f". {COMMON}; prune thing"],
        env=os.environ | {"SYSDEMO_CACHE": str(start.cache)},
        check=True,
    )
    assert (start.partial / "file").exists()
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()


def test_too_little_space_is_said_beforehand(start):
    process = start(WHOLE, 'need_space "$cache" 999999999 "the thing"')
    said = process.communicate()[0]
    assert process.returncode == 1
    assert "the thing needs 999999999 MB" in said
    assert "SYSDEMO_CACHE" in said

# SPDX-License-Identifier: GPL-2.0
"""What is cached is whole or not there, however the making of it ends."""

import contextlib
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
            claim_cache
            recipe() {{ {recipe}; }}
            make_whole "$cache/thing-1" "the thing" recipe
            {after}
        """
        return subprocess.Popen(
            # Under nohup(1), say, signals are ignored, and a shell leaves them so.
            ["env", "--default-signal", "bash", "-c", script],
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
    # More than once, as an impatient user does: a shell that was just about to start a program
    # heeds a signal only after it. And cleaning up must not be interrupted.
    for _ in range(50):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        time.sleep(0.1)
        # The shell that cleans up is a child of the one that was started.
        if not start.partial.exists():
            break
    assert process.wait() != 0
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
    assert start(WHOLE).wait() == 0
    for name in ("thing-2.partial", "thing-3", "thing-4", "other-1.partial", "thing-mine"):
        (start.cache / name).mkdir()
    for name in ("thing-2", "thing-3", "thing-4", "other-1"):
        (start.cache / f"{name}.lock").touch()
    long_ago = time.time() - 30 * 86400
    for name in ("thing-3", "thing-3.lock", "thing-mine"):
        os.utime(start.cache / name, (long_ago, long_ago))
    assert start(WHOLE, "prune thing").wait() == 0
    assert sorted(path.name for path in start.cache.iterdir() if path.is_dir()) == [
        "other-1.partial",
        "thing-1",
        "thing-4",
        # Nothing of ours has ever locked it.
        "thing-mine",
    ]


def test_use_is_noted(start):
    """Also where the folder itself belongs to somebody else, as a root made by others does."""
    assert start(WHOLE).wait() == 0
    long_ago = time.time() - 30 * 86400
    os.utime(start.cache / "thing-1.lock", (long_ago, long_ago))
    assert start(WHOLE, "prune thing").wait() == 0
    assert start.thing.exists()


def run(script, cache):
    return subprocess.run(
        ["bash", "-c", f". {COMMON}; {script}"],
        env=os.environ | {"SYSDEMO_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "kernel-mysource").mkdir()
    done = run("claim_cache", tmp_path)
    assert done.returncode == 2
    assert "holds other things" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["kernel-mysource"]


def test_distclean_removes_only_a_cache(tmp_path):
    mine = tmp_path / "mine"
    (mine / "kernel-mysource").mkdir(parents=True)
    distclean = COMMON.parent / "distclean"
    done = run(distclean, mine)
    assert done.returncode == 2
    assert (mine / "kernel-mysource").exists()
    ours = tmp_path / "ours"
    assert run('claim_cache; mkdir "$cache/x-1"; touch "$cache/x-1.lock"', ours).returncode == 0
    assert run(distclean, ours).returncode == 0
    assert not ours.exists()
    assert run(distclean, ours).returncode == 0


def test_symlinked_cache(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert run("claim_cache", tmp_path / "link").returncode == 0
    assert (tmp_path / "real/CACHEDIR.TAG").exists()
    assert run(COMMON.parent / "distclean", tmp_path / "link").returncode == 0
    assert not (tmp_path / "real").exists()


def test_cache_that_cannot_be_written():
    done = run("claim_cache", "/proc/nope")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr


def test_waiters_for_a_lock_come_one_after_the_other(start):
    """Also when something is pruned while they wait."""
    slow = (
        '[ ! -e "$cache/in" ] || touch "$cache/two"; touch "$cache/in" "$cache/begun"; '
        'sleep 0.3; rm "$cache/in"; false'
    )
    processes = [start(slow)]
    wait_for(start.cache / "begun")
    processes += [start(slow), start(slow, "prune thing"), start(slow)]
    assert run("prune thing", start.cache).returncode == 0
    for process in processes:
        process.wait()
    assert not (start.cache / "two").exists()


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

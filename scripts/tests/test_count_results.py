# SPDX-License-Identifier: GPL-2.0
"""The sum that CI goes by is that of the results."""

import subprocess
from pathlib import Path

COUNT = Path(__file__).parents[1] / "in-root" / "count-results"

NESTED = """<testsuite name="results" tests="3">
  <testcase name="a"/>
  <testsuite name="inner"><testcase name="b"/>
    <testsuite name="innermost"><testcase name="c"><failure>x</failure></testcase></testsuite>
  </testsuite>
</testsuite>"""
FLAT = """<testsuites><testsuite name="s">
  <testcase name="a"/><testcase name="b"><skipped/></testcase>
  <testcase name="c"><error>x</error></testcase>
</testsuite></testsuites>"""


def count(folder, *suites):
    done = subprocess.run([COUNT, folder, *suites], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()[-1]


def test_nested_suites_are_counted_once(tmp_path):
    (tmp_path / "one.xml").write_text(NESTED)
    assert count(tmp_path, "one") == (1, "2 passed, 1 failed")


def test_sum_over_files(tmp_path):
    (tmp_path / "one.xml").write_text(NESTED)
    (tmp_path / "two.xml").write_text(FLAT)
    assert count(tmp_path, "one", "two") == (1, "3 passed, 2 failed, 1 skipped")


def test_all_passed(tmp_path):
    (tmp_path / "one.xml").write_text("<testsuite name='s'><testcase name='a'/></testsuite>")
    assert count(tmp_path, "one") == (0, "1 passed, 0 failed")


def test_failed_stages_are_failures(tmp_path):
    (tmp_path / "one.xml").write_text("<testsuite name='s'><testcase name='a'/></testsuite>")
    (tmp_path / "two.xml").write_text(NESTED)
    assert count(tmp_path, "one", "--failed") == (0, "1 passed, 0 failed")
    assert count(tmp_path, "one", "--failed", "one") == (1, "1 passed, 1 failed")
    assert count(tmp_path, "one", "--failed", "module") == (1, "1 passed, 1 failed")
    # A stage that failed because of its tests is not counted once more.
    assert count(tmp_path, "one", "two", "--failed", "two") == (1, "3 passed, 1 failed")


def test_missing_and_empty_suites_are_failures(tmp_path):
    (tmp_path / "empty.xml").write_text("<testsuite name='s'/>")
    assert count(tmp_path, "missing", "empty") == (1, "0 passed, 2 failed")

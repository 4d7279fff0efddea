# SPDX-License-Identifier: GPL-2.0
"""When KVM is believed."""

import accel
import pytest


@pytest.fixture
def host(tmp_path):
    (tmp_path / "kvm").touch()
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nflags\t\t: fpu vmx sse2\n")
    return tmp_path


def why_not(host, trial=lambda: True):
    return accel.why_not_kvm(host / "kvm", host / "cpuinfo", trial)


def test_kvm_that_works(host):
    assert why_not(host) is None


def test_no_device(host):
    (host / "kvm").unlink()
    assert "there is no" in why_not(host)


def test_device_of_others(host, monkeypatch):
    monkeypatch.setattr(accel.os, "access", lambda *_: False)
    assert "may not be opened" in why_not(host)


def test_cpu_without_virtualization(host):
    # As a word: "vmxoff" or a name that contains it is no flag.
    (host / "cpuinfo").write_text("model name\t: svmx\nflags\t\t: fpu sse2\n")
    assert "neither vmx nor svm" in why_not(host)


def test_trial_that_fails(host):
    assert "trial guest did not run" in why_not(host, trial=lambda: False)


def test_trial_needs_no_kvm_to_be_right(monkeypatch):
    """The boot sector does what it should under the accelerator that is always there."""
    run = accel.subprocess.run

    def with_tcg(command, **options):
        return run(["tcg" if word == "kvm" else word for word in command], **options)

    monkeypatch.setattr(accel.subprocess, "run", with_tcg)
    # It is not about how fast a busy machine emulates.
    monkeypatch.setattr(accel, "TRIAL_SECONDS", 60)
    assert accel.run_trial()


def test_trial_that_hangs_ends(monkeypatch):
    monkeypatch.setattr(accel, "TRIAL", bytes.fromhex("f4ebfd").ljust(510, b"\0") + b"\x55\xaa")
    monkeypatch.setattr(accel, "TRIAL_SECONDS", 1)
    run = accel.subprocess.run

    def with_tcg(command, **options):
        words = ["tcg" if word == "kvm" else word for word in command]
        return run(words, **options)

    monkeypatch.setattr(accel.subprocess, "run", with_tcg)
    assert not accel.run_trial()


def test_choice(monkeypatch):
    monkeypatch.setattr(accel, "why_not_kvm", lambda: None)
    assert accel.choose("auto")[0] == "kvm"
    assert accel.choose("kvm")[0] == "kvm"
    assert accel.choose("tcg")[0] == "tcg"
    monkeypatch.setattr(accel, "why_not_kvm", lambda: "no such thing")
    assert accel.choose("auto") == ("tcg", "no KVM: no such thing")
    with pytest.raises(ValueError, match="ACCEL=kvm: no such thing"):
        accel.choose("kvm")

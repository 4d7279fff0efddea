// SPDX-License-Identifier: GPL-2.0

//! Makes the ABI's types from the header that C programs include.
//!
//! By the `bindgen` program, which building the kernel module needs anyhow.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../uapi/linux/sysdemo.h");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("uapi.rs");
    println!("cargo::rerun-if-changed={}", header.display());

    let status = Command::new(env::var_os("BINDGEN").unwrap_or_else(|| "bindgen".into()))
        .arg(&header)
        .args([
            "--rust-target",
            "1.85",
            "--no-layout-tests",
            "--with-derive-default",
        ])
        .args([
            "--allowlist-file",
            ".*/linux/sysdemo\\.h",
            "--no-doc-comments",
        ])
        .arg("--output")
        .arg(&out)
        .status()
        .expect("the program bindgen is needed (Debian: apt-get install bindgen)");
    assert!(status.success(), "bindgen failed on {}", header.display());
}

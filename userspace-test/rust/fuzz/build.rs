// SPDX-License-Identifier: GPL-2.0

//! Makes libFuzzer work in a static program.
//!
//! It has functions of the C library's names that look up the C library's own by `dlsym`, which a
//! static program has none of: they would jump to nowhere. As the C library is looked at first,
//! and these names are asked for from the beginning, they are never linked.

/// What `FuzzerInterceptors.cpp` defines.
const NAMES: [&str; 9] = [
    "bcmp",
    "memcmp",
    "memmem",
    "strcasecmp",
    "strcasestr",
    "strcmp",
    "strncasecmp",
    "strncmp",
    "strstr",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for name in NAMES {
        println!("cargo::rustc-link-arg-bins=-Wl,--undefined={name}");
    }
    println!("cargo::rustc-link-lib=c");
}

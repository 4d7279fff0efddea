// SPDX-License-Identifier: GPL-2.0

//! What depends on the architecture: registers and the way in.

#[cfg(CONFIG_X86_64)]
mod x86;
#[cfg(CONFIG_X86_64)]
pub(crate) use x86::*;

#[cfg(not(CONFIG_X86_64))]
mod unknown;
#[cfg(not(CONFIG_X86_64))]
pub(crate) use unknown::*;

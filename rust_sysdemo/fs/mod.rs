// SPDX-License-Identifier: GPL-2.0

//! What opening a file needs: a tree of names, and files in memory.
//!
//! - [`Tree`]: the names, and what can be done to them.
//! - [`Node`]: a file or directory; what is in a file is its [`Contents`](contents::Contents).
//! - [`Path`], [`walk`]: the way to a node, name by name.
//! - [`access`]: who may go it, and what they may do at its end.
//! - [`quota`]: how much there may be of all that.
//! - [`open`]: `open()`, in stages; what comes of it is an [`OpenFile`].
//!
//! # Locks
//!
//! In this order, from the outside in:
//!
//! 1. the lock of a file's position, which is the kernel's: see
//!    [`open_file`](crate::bridge::open_file);
//! 2. the inode's lock, the kernel's as well, which it holds over `ftruncate(2)`: whoever changes
//!    the size of a file has it;
//! 3. [`Tree`]'s lock of all names, never held while the caller's memory is touched or memory is
//!    taken: who is kept waiting for memory, by `memory.high` say, keeps nobody else;
//! 4. a [`Node`]'s lock of what is in it, alike;
//! 5. [`Quota`](quota::Quota)'s lock, under which nothing is done but count.
//!
//! Two tasks with two files meet at the last only when a file gets or loses pages, and at none if
//! the files are only read and overwritten.

#![deny(unsafe_code)]

mod access;
mod contents;
mod name;
mod names;
mod node;
pub(crate) mod open;
mod open_file;
mod path;
mod quota;
mod tree;
mod walk;

pub(crate) use node::Node;
pub(crate) use open::Opened;
pub(crate) use open_file::OpenFile;
pub(crate) use path::Path;
pub(crate) use quota::Limits;
pub(crate) use tree::{
    Entry,
    Tree, //
};

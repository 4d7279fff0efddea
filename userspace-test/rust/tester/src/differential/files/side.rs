// SPDX-License-Identifier: GPL-2.0

//! A world of files: a tree, and those of its files that are open.

use super::path::Path;
use super::step::{Attributes, FILES, Outcome, Step};
use super::user::become_user;
use crate::differential::World;
use crate::differential::script::Permissions;
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{
    FileType, MemfdFlags, Mode, OFlags, SeekFrom, Stat, fcntl_getfl, fstat, ftruncate,
    memfd_create, seek, sendfile,
};
use rustix::io::{Errno, Result, fcntl_dupfd_cloexec, pread, pwrite, read, write};
use rustix::process::umask;
use std::collections::{BTreeMap, HashMap};
use std::ffi::CStr;

/// What is known of a file, as it is told.
pub(crate) struct Told {
    pub(crate) mode: u32,
    pub(crate) user: u32,
    pub(crate) group: u32,
    pub(crate) links: u64,
    pub(crate) size: u64,
    pub(crate) blocks: u64,
    pub(crate) number: u64,
}

impl From<Stat> for Told {
    fn from(stat: Stat) -> Self {
        Self {
            mode: stat.st_mode,
            user: stat.st_uid,
            group: stat.st_gid,
            links: stat.st_nlink,
            size: stat.st_size as u64,
            blocks: stat.st_blocks as u64,
            number: stat.st_ino,
        }
    }
}

/// The calls that take a path, or that have a number of their own.
pub(crate) trait Tree {
    fn open(&self, path: &CStr, flags: u64, mode: u32, resolve: u64) -> Result<OwnedFd>;
    fn mkdir(&self, path: &CStr, mode: u32) -> Result<()>;
    fn unlink(&self, path: &CStr) -> Result<()>;
    fn rmdir(&self, path: &CStr) -> Result<()>;
    fn stat(&self, path: &CStr) -> Result<Told>;
    /// Names, without `.` and `..`, and whether each is a directory's.
    fn list(&self, path: &CStr) -> Result<BTreeMap<String, bool>>;
    fn read(&self, file: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<usize>;
    fn write(&self, file: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize>;
}

/// A tree and its open files.
pub(crate) struct Side<T> {
    tree: T,
    open: [Option<OwnedFd>; FILES as usize],
    /// Numbers of the files that were seen, in order.
    seen: HashMap<u64, usize>,
}

/// Bytes that say where they are from, and where they were written.
fn bytes(size: u32, from: u8) -> Vec<u8> {
    let byte = |i: u32| from.wrapping_add((i.wrapping_mul(7) + i / 256) as u8);
    (0..size).map(byte).collect()
}

/// Reads by a function, and gives what it read.
fn reading(size: u32, read: impl FnOnce(&mut [u8]) -> Result<usize>) -> Outcome {
    let mut buffer = vec![0; size as usize];
    let result = read(&mut buffer).map(|count| {
        buffer.truncate(count);
        buffer
    });
    result.into()
}

/// What comes out of a file by way of `sendfile`.
fn send(file: BorrowedFd<'_>, size: u32) -> Outcome {
    let elsewhere = memfd_create("sent", MemfdFlags::CLOEXEC).expect("there is memory");
    match sendfile(&elsewhere, file, None, size as usize) {
        Ok(count) => reading(count as u32, |buffer| pread(&elsewhere, buffer, 0)),
        Err(error) => Outcome::Error(error),
    }
}

/// Sends what is in one file to another one.
fn copy(file: BorrowedFd<'_>, to: BorrowedFd<'_>, size: u32) -> Outcome {
    let number = |file| fstat(file).map(|told| told.st_ino);
    if number(file) == number(to) {
        return Outcome::Nothing;
    }
    sendfile(to, file, None, size as usize).into()
}

impl<T: Tree> Side<T> {
    pub(crate) fn new(tree: T) -> Self {
        Self {
            tree,
            open: [const { None }; FILES as usize],
            seen: HashMap::new(),
        }
    }

    fn attributes(&mut self, told: Told) -> Attributes {
        let Told {
            mode,
            user,
            group,
            links,
            size,
            blocks,
            number,
        } = told;
        let next = self.seen.len();
        let is_file = FileType::from_raw_mode(mode) == FileType::RegularFile;
        Attributes {
            mode: Permissions(mode & !SET_IDS),
            user,
            group,
            links,
            size: is_file.then_some((size, blocks)),
            which: *self.seen.entry(number).or_insert(next),
        }
    }

    /// Does something with an open file.
    fn with(&self, file: u8, f: impl FnOnce(BorrowedFd<'_>) -> Outcome) -> Outcome {
        use rustix::fd::AsFd;
        match &self.open[usize::from(file)] {
            Some(file) => f(file.as_fd()),
            None => Outcome::Nothing,
        }
    }

    /// Puts a file into a slot.
    fn put(&mut self, file: u8, opened: Result<OwnedFd>) -> Outcome {
        opened
            .map(|opened| self.open[usize::from(file)] = Some(opened))
            .into()
    }

    fn stat(&mut self, path: &CStr) -> Outcome {
        let told = self.tree.stat(path);
        told.map(|told| self.attributes(told)).into()
    }

    /// Removes all that is in a directory.
    fn empty(&self, path: &Path) {
        for (name, is_directory) in self.tree.list(&path.to_c()).expect("root may") {
            let path = path.join(&name);
            if is_directory {
                self.empty(&path);
                self.tree.rmdir(&path.to_c()).expect("it is empty");
            } else {
                self.tree.unlink(&path.to_c()).expect("root may");
            }
        }
    }

    /// What a file or a directory has in it.
    fn inside(&self, path: &Path) -> Outcome {
        match self.tree.list(&path.to_c()) {
            Err(Errno::NOTDIR) => {
                let flags = u64::from(OFlags::RDONLY.bits());
                match self.tree.open(&path.to_c(), flags, 0, 0) {
                    Ok(file) => {
                        // A byte more than it should have.
                        let size = fstat(&file).map_or(0, |told| told.st_size as u32);
                        reading(size + 1, |buffer| pread(&file, buffer, 0))
                    }
                    Err(error) => Outcome::Error(error),
                }
            }
            names => names.into(),
        }
    }
}

impl<T: Tree> World for Side<T> {
    type Step = Step;
    type Outcome = Outcome;

    fn reset(&mut self) {
        become_user(0);
        umask(Mode::empty());
        self.open.fill_with(|| None);
        self.seen.clear();
        self.empty(&Path("/".to_owned()));
    }

    fn take(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Become { user } => {
                become_user(*user);
                Outcome::Number(0)
            }
            Step::Umask { mask } => {
                umask(Mode::from_bits_retain(mask.0));
                Outcome::Number(0)
            }
            Step::Open {
                file,
                path,
                flags,
                mode,
                resolve,
            } => {
                let opened = self.tree.open(&path.to_c(), flags.0, mode.0, resolve.0);
                self.put(*file, opened)
            }
            Step::Close { file } => match self.open[usize::from(*file)].take() {
                Some(_) => Outcome::Number(0),
                None => Outcome::Nothing,
            },
            Step::Dup { file, to } => match &self.open[usize::from(*file)] {
                Some(opened) => {
                    let copy = fcntl_dupfd_cloexec(opened, 0);
                    self.put(*to, copy)
                }
                None => Outcome::Nothing,
            },
            Step::Mkdir { path, mode } => self.tree.mkdir(&path.to_c(), mode.0).into(),
            Step::Unlink { path } => self.tree.unlink(&path.to_c()).into(),
            Step::Rmdir { path } => self.tree.rmdir(&path.to_c()).into(),
            Step::Stat { path } => self.stat(&path.to_c()),
            Step::List { path } => self.tree.list(&path.to_c()).into(),
            Step::Read { file, size } => {
                self.with(*file, |file| reading(*size, |buffer| read(file, buffer)))
            }
            Step::Write { file, size, from } => {
                self.with(*file, |file| write(file, &bytes(*size, *from)).into())
            }
            Step::CallRead { file, size } => self.with(*file, |file| {
                reading(*size, |buffer| self.tree.read(file, buffer))
            }),
            Step::CallWrite { file, size, from } => self.with(*file, |file| {
                self.tree.write(file, &bytes(*size, *from)).into()
            }),
            Step::Pread { file, size, offset } => self.with(*file, |file| {
                reading(*size, |buffer| pread(file, buffer, *offset as u64))
            }),
            Step::Pwrite {
                file,
                size,
                from,
                offset,
            } => self.with(*file, |file| {
                pwrite(file, &bytes(*size, *from), *offset as u64).into()
            }),
            Step::Seek {
                file,
                offset,
                whence,
            } => {
                let to = match whence {
                    0 => SeekFrom::Start(*offset as u64),
                    1 => SeekFrom::Current(*offset),
                    _ => SeekFrom::End(*offset),
                };
                self.with(*file, |file| seek(file, to).into())
            }
            Step::Truncate { file, size } => {
                self.with(*file, |file| ftruncate(file, *size as u64).into())
            }
            Step::Send { file, size } => self.with(*file, |file| send(file, *size)),
            Step::Copy { file, to, size } => {
                self.with(*file, |file| self.with(*to, |to| copy(file, to, *size)))
            }
            Step::Fstat { file } => match &self.open[usize::from(*file)] {
                Some(opened) => {
                    let told = fstat(opened);
                    told.map(|told| self.attributes(told.into())).into()
                }
                None => Outcome::Nothing,
            },
            // Of large files a program of 64 bits need not speak.
            Step::Flags { file } => self.with(*file, |file| {
                let flags = fcntl_getfl(file).map(|flags| flags.bits() & !LARGE_FILE);
                flags.map(u64::from).into()
            }),
        }
    }

    /// The whole tree: what each file and each directory is, and what is in it.
    fn rest(&mut self) -> Outcome {
        become_user(0);
        let mut tree = BTreeMap::new();
        let mut left = vec![Path("/".to_owned())];
        while let Some(path) = left.pop() {
            let inside = self.inside(&path);
            if let Outcome::Names(names) = &inside {
                left.extend(names.keys().map(|name| path.join(name)));
            }
            let attributes = self.stat(&path.to_c());
            tree.insert(path, (attributes, inside));
        }
        Outcome::Tree(tree)
    }
}

/// The bits that make a program run as its owner or group, which this tree does not keep.
const SET_IDS: u32 = 0o6000;

/// `O_LARGEFILE`, of which the C library's headers for this machine say that it is 0.
const LARGE_FILE: u32 = 0o100_000;

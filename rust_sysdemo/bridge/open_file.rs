// SPDX-License-Identifier: GPL-2.0

//! An open file of the tree: a file of the kernel's, with operations of ours.
//!
//! What of it is the kernel's is what makes it a file like any other: a descriptor can be
//! duplicated and sent through a socket, the position is shared by all who have it, `sendfile(2)`
//! and `splice(2)` work. What of it is ours is [`fs::OpenFile`](crate::fs::OpenFile).
//!
//! # The position
//!
//! `read(2)` and `write(2)` hold the lock of a file's position from before they look at it until
//! they have moved it, so that threads that share a file do not get the same bytes. The lock is the
//! kernel's own, and it is held while the caller's memory is copied; [`Descriptor`] does the same,
//! for the same reason. It is taken before any lock of ours.
//!
//! C header: [`include/linux/fs.h`](srctree/include/linux/fs.h)

use super::{
    pseudo_fs::{
        inode_of,
        Inode,
        Mounted,
        Table, //
    },
    shims,
    user_memory, //
};
use crate::fs::{
    Node,
    OpenFile, //
};
use core::{
    mem::{
        self,
        MaybeUninit, //
    },
    ptr::{
        self,
        NonNull, //
    },
};
use kernel::{
    bindings,
    error::{
        from_err_ptr,
        from_result,
        to_result, //
    },
    ffi::{
        c_int,
        c_void, //
    },
    fs::{
        File,
        LocalFile, //
    },
    iov::{
        IovIterDest,
        IovIterSource, //
    },
    module::this_module,
    prelude::*,
    sync::{
        aref::ARef,
        atomic::{
            atomic_load,
            atomic_store,
            Relaxed, //
        },
        Arc, //
    },
};

/// The largest position that there is: C's `MAX_LFS_FILESIZE`.
const POSITION_MAX: i64 = i64::MAX;

static FILE: Table<bindings::file_operations> = Table(bindings::file_operations {
    owner: this_module::<crate::LocalModule>().as_ptr(),
    llseek: Some(llseek),
    read_iter: Some(read_iter),
    write_iter: Some(write_iter),
    release: Some(release),
    fsync: Some(bindings::noop_fsync),
    splice_read: Some(bindings::copy_splice_read),
    splice_write: Some(bindings::iter_file_splice_write),
    setlease: Some(setlease),
    // SAFETY: No operation is mandatory.
    ..unsafe { mem::zeroed() }
});

static DIRECTORY: Table<bindings::file_operations> = Table(bindings::file_operations {
    owner: this_module::<crate::LocalModule>().as_ptr(),
    llseek: Some(llseek),
    read: Some(bindings::generic_read_dir),
    release: Some(release),
    fsync: Some(bindings::noop_fsync),
    setlease: Some(setlease),
    // SAFETY: No operation is mandatory.
    ..unsafe { mem::zeroed() }
});

// What C lends to many threads at once, and has dropped by any. An open file keeps an [`OpenFile`],
// as the bits of its `private_data`, and a [`Mounted`], of which there is nothing to be kept: for
// as long as a file is open there is one mount, and all that are opened then are on it. (A
// descriptor that was opened with `O_PATH` keeps a mount, but not this one count of it: then there
// can be another later, with an inode of its own for the same node. All that they tell is the
// node's.)
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<OpenFile>();
    is_shared::<Mounted>();
    is_shared::<Arc<Node>>();
};

/// A file that was just made, and that no descriptor is for.
///
/// # Invariants
///
/// The file is one that [`make`] made.
pub(crate) struct Made(ARef<File>);

impl Made {
    /// Its inode.
    pub(crate) fn inode(&self) -> &Inode {
        // SAFETY: By the type invariant.
        unsafe { parts(self.0.as_ptr()).1 }
    }

    /// The file.
    pub(crate) fn into_file(self) -> ARef<File> {
        self.0
    }
}

/// Makes an open file of a node. `flags` are those that `F_GETFL` of `fcntl(2)` tells.
///
/// Fails with [`ENFILE`] if there are too many files open in the system, and with [`ENOMEM`].
pub(crate) fn make(mounted: Mounted, node: &Arc<Node>, flags: u32, open: OpenFile) -> Result<Made> {
    let operations = if node.is_directory() {
        &DIRECTORY.0
    } else {
        &FILE.0
    };
    // `mounted` is kept over all that follows: there is an inode only as long as there is a mount.
    let inode = inode_of(&mounted, node)?;
    // SAFETY: This is the module itself, which is loaded: `mounted` keeps the file system's module
    // so. A file lets go of its operations' module when it is closed.
    unsafe { bindings::__module_get(operations.owner) };
    // SAFETY: The inode is of the mount; the reference to it goes over to the file if there is one.
    // The operations are never freed while the module is loaded.
    let file = from_err_ptr(unsafe {
        bindings::alloc_file_pseudo(
            inode.as_ptr(),
            mounted.as_ptr(),
            c"sysdemo".as_char_ptr(),
            // CAST: The same bits.
            flags as c_int,
            operations,
        )
    });
    let file = match file {
        Ok(file) => file,
        Err(error) => {
            // SAFETY: Both are as they were before the attempt.
            unsafe {
                bindings::module_put(operations.owner);
                bindings::iput(inode.as_ptr());
            }
            return Err(error);
        }
    };
    // SAFETY: The file is new, and nobody else has it.
    unsafe {
        (*file).private_data = ptr::without_provenance_mut(open.into_bits());
        shims::sysdemo_allow_positions(file.cast());
    }
    // Until `release`.
    mem::forget(mounted);
    // INVARIANT: It was just made.
    // SAFETY: The reference is this function's, and no `fdget_pos` is going on: there is no
    // descriptor for it.
    Ok(Made(unsafe {
        ARef::from_raw(NonNull::new_unchecked(file).cast())
    }))
}

/// Gives what a file keeps.
///
/// # Safety
///
/// The file is one that [`make`] made, and somebody has a reference to it.
pub(super) unsafe fn of_raw(file: *mut bindings::file) -> OpenFile {
    // SAFETY: The caller's promise. Nobody changes what `make` put there.
    let bits = unsafe { (*file).private_data };
    OpenFile::from_bits(bits.addr())
}

/// Gives what a file keeps, and its inode.
///
/// # Safety
///
/// The file is one that [`make`] made, and somebody has a reference to it for as long as `'a`.
unsafe fn parts<'a>(file: *mut bindings::file) -> (OpenFile, &'a Inode) {
    // SAFETY: The caller's promise. An open file has a reference to its inode, which in `make` is
    // one of `inode_of`.
    unsafe { (of_raw(file), Inode::from_raw((*file).f_inode)) }
}

/// Moves the position.
///
/// # Safety
///
/// For C to call, as the operation of that name of a file that [`make`] made.
unsafe extern "C" fn llseek(file: *mut bindings::file, offset: i64, whence: c_int) -> i64 {
    // SAFETY: Operations of a file are called on one that is open.
    let (_, inode) = unsafe { parts(file) };
    let node = inode.node();
    // The end of a directory is no place.
    // CAST: A small number.
    if node.is_directory()
        && whence != bindings::SEEK_SET as c_int
        && whence != bindings::SEEK_CUR as c_int
    {
        return EINVAL.to_errno().into();
    }
    // CAST: The size of a file is far below `i64::MAX`.
    let end = node.size() as i64;
    // SAFETY: The file is open; lseek(2) holds the lock of the position.
    unsafe { bindings::generic_file_llseek_size(file, offset, whence, POSITION_MAX, end) }
}

/// Reads.
///
/// # Safety
///
/// For C to call, as the operation of that name of a file that [`make`] made.
unsafe extern "C" fn read_iter(iocb: *mut bindings::kiocb, to: *mut bindings::iov_iter) -> isize {
    from_result(|| {
        // SAFETY: The request is of a file that is open, and this task's to change.
        let (position, (open, inode)) = unsafe { (&mut (*iocb).ki_pos, parts((*iocb).ki_filp)) };
        // SAFETY: It is where to read to, and for this function to use.
        let to = unsafe { IovIterDest::from_raw(to) };
        open.read(inode, to, position)
            // CAST: No read is longer than `isize::MAX`.
            .map(|done| done as isize)
    })
}

/// Writes.
///
/// # Safety
///
/// For C to call, as the operation of that name of a file that [`make`] made.
unsafe extern "C" fn write_iter(
    iocb: *mut bindings::kiocb,
    from: *mut bindings::iov_iter,
) -> isize {
    from_result(|| {
        // SAFETY: The request is valid.
        let append = unsafe { shims::sysdemo_appends(iocb.cast()) } != 0;
        // SAFETY: It is of a file that is open, and this task's to change.
        let (position, (open, inode)) = unsafe { (&mut (*iocb).ki_pos, parts((*iocb).ki_filp)) };
        // SAFETY: It is where to write from, and for this function to use.
        let from = unsafe { IovIterSource::from_raw(from) };
        open.write(inode, from, position, append)
            // CAST: No write is longer than `isize::MAX`.
            .map(|done| done as isize)
    })
}

/// There are no leases: who opens does not ask for them.
///
/// # Safety
///
/// For C to call, as the operation of that name.
unsafe extern "C" fn setlease(
    _file: *mut bindings::file,
    _argument: c_int,
    _lease: *mut *mut bindings::file_lease,
    _private: *mut *mut c_void,
) -> c_int {
    EINVAL.to_errno()
}

/// Lets go of what a file keeps.
///
/// # Safety
///
/// For C to call, as the operation of that name of a file that [`make`] made.
unsafe extern "C" fn release(_inode: *mut bindings::inode, _file: *mut bindings::file) -> c_int {
    // SAFETY: `make` left it to the file, which nobody has any more.
    drop(unsafe { Mounted::of_file() });
    0
}

/// A file of the tree that a descriptor of the caller's is for.
///
/// # Invariants
///
/// The file is one that [`make`] made.
pub(crate) struct Descriptor(ARef<LocalFile>);

/// The lock of a file's position, held.
struct Position<'a>(&'a LocalFile);

impl<'a> Position<'a> {
    fn lock(file: &'a LocalFile) -> Self {
        // SAFETY: The file is referenced for as long as this lives, and has a position.
        unsafe { shims::sysdemo_lock_position(file.as_ptr().cast()) };
        Self(file)
    }

    /// Lets something use the position, and keeps where it leaves it unless it fails.
    ///
    /// The lock is what read(2), write(2) and lseek(2) take, but not all who write the position:
    /// sendfile(2), for one, only stores where it has got to. Then the one or the other is what
    /// stays, as in the kernel.
    fn moved_by(self, act: impl FnOnce(&mut i64) -> Result<usize>) -> Result<usize> {
        // SAFETY: The file is referenced.
        let place = unsafe { &raw mut (*self.0.as_ptr()).f_pos };
        // ORDERING: A number, which stands for nothing else. Who is under the lock has the last of
        // those who were.
        // SAFETY: The field is valid and aligned; others write it as a whole.
        let mut position = unsafe { atomic_load(place, Relaxed) };
        let done = act(&mut position)?;
        // ORDERING: As above.
        // SAFETY: As above.
        unsafe { atomic_store(place, position, Relaxed) };
        Ok(done)
    }
}

impl Drop for Position<'_> {
    fn drop(&mut self) {
        // SAFETY: This one has locked it.
        unsafe { shims::sysdemo_unlock_position(self.0.as_ptr().cast()) };
    }
}

impl Descriptor {
    /// Looks up a descriptor of the caller's.
    ///
    /// Fails with [`EBADF`] if there is no such one, or if it is not for a file of the tree: what
    /// read(2) would do with that has to be asked of read(2), which knows of security modules and
    /// much else.
    pub(crate) fn get(fd: i32) -> Result<Self> {
        let file = LocalFile::fget(u32::try_from(fd).map_err(|_| EBADF)?)?;
        // SAFETY: The file is referenced, and its operations never change.
        let operations = unsafe { (*file.as_ptr()).f_op };
        if ptr::eq(operations, &FILE.0) || ptr::eq(operations, &DIRECTORY.0) {
            // INVARIANT: Only `make` makes files with these.
            Ok(Self(file))
        } else {
            Err(EBADF)
        }
    }

    /// Makes an IO vector of a buffer of the caller's. As read(2) and write(2) do, it leaves out
    /// what is more than some 2 GiB, once all of it is found to be in the caller's part of memory.
    ///
    /// Fails with [`EFAULT`] if it is not.
    fn import(direction: u32, buffer: UserPtr, count: usize) -> Result<bindings::iov_iter> {
        user_memory::require_user(buffer, count)?;
        let mut iter = MaybeUninit::uninit();
        // SAFETY: The iterator can be written; the function takes any address.
        to_result(unsafe {
            bindings::import_ubuf(
                // CAST: 0 or 1.
                direction as c_int,
                buffer.as_mut_ptr(),
                count,
                iter.as_mut_ptr(),
            )
        })?;
        // SAFETY: It was just made.
        Ok(unsafe { iter.assume_init() })
    }

    /// Reads at the file's position, and moves it: read(2). It goes the kernel's way, so that who
    /// may read and how much is asked of security modules as well.
    ///
    /// Fails with [`EBADF`] if the file is not open for reading, as [`Self::import`] does, as
    /// `rw_verify_area()` does, with [`EISDIR`] if it is a directory, and as [`OpenFile::read`]
    /// does.
    pub(crate) fn read(&self, buffer: UserPtr, count: usize) -> Result<usize> {
        let raw = self.0.as_ptr();
        // SAFETY: The file is referenced; the mode of an open one does not change.
        if unsafe { shims::sysdemo_may_read(raw.cast()) } == 0 {
            return Err(EBADF);
        }
        let mut iter = Self::import(bindings::ITER_DEST, buffer, count)?;
        // SAFETY: By the type invariant.
        let (open, inode) = unsafe { parts(raw) };
        Position::lock(&self.0).moved_by(|position| {
            require_end(*position, count)?;
            if inode.node().is_directory() {
                return Err(EISDIR);
            }
            // The kernel's way ends early if nothing is wanted.
            open.require_read()?;
            // SAFETY: The file is referenced, and the other two are this function's.
            amount(unsafe { bindings::vfs_iter_read(raw, &mut iter, position, 0) })
        })
    }

    /// Writes at the file's position, or at its end with `O_APPEND`, and moves it: write(2), the
    /// kernel's way.
    ///
    /// Fails with [`EBADF`] if the file is not open for writing, as [`Self::import`] does, as
    /// `rw_verify_area()` does, and as [`OpenFile::write`] does.
    pub(crate) fn write(&self, buffer: UserPtr, count: usize) -> Result<usize> {
        let raw = self.0.as_ptr();
        // SAFETY: As in `read`.
        if unsafe { shims::sysdemo_may_write(raw.cast()) } == 0 {
            return Err(EBADF);
        }
        let mut iter = Self::import(bindings::ITER_SOURCE, buffer, count)?;
        // SAFETY: By the type invariant.
        let (open, _) = unsafe { parts(raw) };
        Position::lock(&self.0).moved_by(|position| {
            require_end(*position, count)?;
            open.require_write()?;
            // SAFETY: As in `read`.
            amount(unsafe { bindings::vfs_iter_write(raw, &mut iter, position, 0) })
        })
    }
}

/// Requires that so many bytes at a position end somewhere. rw_verify_area() asks for that as well,
/// but here of what [`Descriptor::import`] left of them, and for read(2) and write(2) of all.
///
/// Fails with [`EINVAL`] otherwise.
fn require_end(position: i64, count: usize) -> Result {
    i64::try_from(count)
        .ok()
        .and_then(|count| position.checked_add(count))
        .map(drop)
        .ok_or(EINVAL)
}

/// What a function of the kernel's gives: a number of bytes, or an error.
fn amount(ret: isize) -> Result<usize> {
    // CAST: An error number.
    usize::try_from(ret).map_err(|_| Error::from_errno(ret as c_int))
}

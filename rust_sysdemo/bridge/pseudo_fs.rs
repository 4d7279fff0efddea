// SPDX-License-Identifier: GPL-2.0

//! A small file system of our own, so that what is opened in the tree is a file like any other.
//!
//! It is one that nobody can mount and that has no names, as pipes and sockets have one: the names
//! are the tree's business. An inode of it stands for a [`Node`] of the tree for as long as the
//! node is open, however often. It is what `fstat(2)`, `ftruncate(2)` and `/proc/<pid>/fd` look at;
//! what they are told is the node's.
//!
//! To the kernel all of these inodes are regular files: a directory among them would be one that
//! paths could lead into. That such a one is a directory is told where it is asked for, by
//! `getattr`. No inode can be opened anew through `/proc/<pid>/fd`: that gives [`ENXIO`].
//!
//! # Lifetimes
//!
//! A file system keeps its module loaded for as long as it is mounted, and it has to be mounted for
//! as long as a file of it is open: the last that happens to a file is that its inode is evicted,
//! after the file has let go of the module. So it cannot be mounted all the time, or the module
//! could not be unloaded. It is mounted while there is a [`Mounted`].
//!
//! C headers: [`include/linux/fs.h`](srctree/include/linux/fs.h),
//! [`include/linux/pseudo_fs.h`](srctree/include/linux/pseudo_fs.h)

use super::{
    clock,
    open_file,
    shims, //
};
use crate::fs::Node;
use core::{
    cell::UnsafeCell,
    mem::{
        self,
        ManuallyDrop, //
    },
    ops::Deref,
    ptr::{
        addr_of_mut,
        NonNull, //
    },
};
use kernel::{
    bindings,
    error::{
        from_result,
        to_result, //
    },
    module::this_module,
    prelude::*,
    sync::{
        Arc,
        ArcBorrow, //
    },
    types::{
        ForeignOwnable,
        Opaque, //
    },
};

/// Something that C changes, under a lock of its own.
struct Shared<T>(UnsafeCell<T>);

// SAFETY: Nothing here changes what is in it; C functions do, which synchronize. What is read here
// is read when, as is said there, none of them changes it.
unsafe impl Sync for Shared<bindings::file_system_type> {}

// SAFETY: As above.
unsafe impl Sync for Shared<*mut bindings::vfsmount> {}

// SAFETY: As above.
unsafe impl Sync for Shared<c_int> {}

static TYPE: Shared<bindings::file_system_type> =
    Shared(UnsafeCell::new(bindings::file_system_type {
        name: c"sysdemo".to_bytes_with_nul().as_ptr(),
        init_fs_context: Some(init_fs_context),
        kill_sb: Some(bindings::kill_anon_super),
        owner: this_module::<crate::LocalModule>().as_ptr(),
        // SAFETY: The other fields may be zero: numbers, pointers, lists and keys of lock classes.
        ..unsafe { mem::zeroed() }
    }));

/// The mount, while `COUNT` is not 0.
static MOUNT: Shared<*mut bindings::vfsmount> = Shared(UnsafeCell::new(core::ptr::null_mut()));
static COUNT: Shared<c_int> = Shared(UnsafeCell::new(0));

static SUPER_OPERATIONS: Table<bindings::super_operations> = Table(bindings::super_operations {
    statfs: Some(bindings::simple_statfs),
    // What is not open is kept by the tree, not by the cache of inodes.
    drop_inode: Some(bindings::inode_just_drop),
    evict_inode: Some(evict_inode),
    // SAFETY: No operation is mandatory.
    ..unsafe { mem::zeroed() }
});

static INODE_OPERATIONS: Table<bindings::inode_operations> = Table(bindings::inode_operations {
    getattr: Some(getattr),
    setattr: Some(setattr),
    // SAFETY: No operation is mandatory.
    ..unsafe { mem::zeroed() }
});

/// A table of operations.
pub(super) struct Table<T>(pub(super) T);

// SAFETY: Nothing in a table is ever changed, and what is in these is functions and a module.
unsafe impl Sync for Table<bindings::super_operations> {}

// SAFETY: As above.
unsafe impl Sync for Table<bindings::inode_operations> {}

// SAFETY: As above.
unsafe impl Sync for Table<bindings::file_operations> {}

/// The file system, mounted.
///
/// # Invariants
///
/// One count of `COUNT` is this one's, so `MOUNT` is the mount and stays it.
pub(crate) struct Mounted(());

impl Mounted {
    /// Mounts the file system, or shares the mount that there is.
    ///
    /// Fails with [`ENOMEM`], or [`EMFILE`] if the kernel has no number left for a device that a
    /// file system could claim to be on.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: All three are for these two functions, which have a lock for them, and outlive
        // the mount: it keeps the module loaded. This is a call from this module, so it is loaded.
        to_result(unsafe { bindings::simple_pin_fs(TYPE.0.get(), MOUNT.0.get(), COUNT.0.get()) })?;
        // INVARIANT: That was a count.
        Ok(Self(()))
    }

    /// What was forgotten for a file.
    ///
    /// # Safety
    ///
    /// One was forgotten, and is not had again by this for anybody else.
    pub(super) unsafe fn of_file() -> Self {
        // INVARIANT: The count of the one that was forgotten.
        Self(())
    }

    /// The mount.
    pub(super) fn as_ptr(&self) -> *mut bindings::vfsmount {
        // SAFETY: By the type invariant nobody writes it now: that happens with the first count and
        // with the last.
        unsafe { *MOUNT.0.get() }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // SAFETY: The count is this one's, by the type invariant, and is given back once.
        unsafe { bindings::simple_release_fs(MOUNT.0.get(), COUNT.0.get()) };
    }
}

/// An inode of the file system that stands for a [`Node`].
///
/// # Invariants
///
/// Its `i_private` is a [`Node`]'s `Arc`, given to it by `into_foreign`.
#[repr(transparent)]
pub(crate) struct Inode(Opaque<bindings::inode>);

impl Inode {
    /// Makes a reference.
    ///
    /// # Safety
    ///
    /// The pointer is to an inode that [`inode_of`] made, which somebody has a reference to for as
    /// long as `'a`.
    pub(super) unsafe fn from_raw<'a>(inode: *mut bindings::inode) -> &'a Self {
        // INVARIANT: That is how `inode_of` made it.
        // SAFETY: The caller's promise; the layouts are the same.
        unsafe { &*inode.cast() }
    }

    /// The node that it stands for.
    pub(crate) fn node(&self) -> ArcBorrow<'_, Node> {
        // SAFETY: By the type invariant; the inode has its reference until it is evicted.
        unsafe { Arc::<Node>::borrow((*self.0.get()).i_private) }
    }

    /// Takes the inode's lock, C's `inode_lock()`.
    pub(crate) fn lock(&self) -> LockedInode<'_> {
        // SAFETY: The inode is valid.
        unsafe { shims::sysdemo_lock_inode(self.0.get().cast()) };
        // INVARIANT: It was just taken.
        LockedInode(self)
    }
}

/// An inode whose lock is held. The kernel holds it where it makes up its mind by the size of a
/// file, which it looks at as at something that does not change meanwhile.
///
/// # Invariants
///
/// This task holds the lock as long as this lives.
pub(crate) struct LockedInode<'a>(&'a Inode);

impl<'a> LockedInode<'a> {
    /// For where the kernel has taken the lock, and gives it back.
    ///
    /// # Safety
    ///
    /// This task holds the lock of the inode, for as long as `'a`.
    unsafe fn taken_by_kernel(inode: &'a Inode) -> ManuallyDrop<Self> {
        // INVARIANT: The caller's promise.
        ManuallyDrop::new(Self(inode))
    }

    /// Tells the kernel how large the file is now.
    pub(crate) fn set_size(&self, size: u64) {
        // CAST: The size of a file is far below `i64::MAX`: see `Limits`.
        // SAFETY: The inode is valid, and by the type invariant nobody else does this meanwhile.
        unsafe { shims::sysdemo_set_size(self.0 .0.get().cast(), size as i64) };
    }
}

impl Deref for LockedInode<'_> {
    type Target = Inode;

    fn deref(&self) -> &Inode {
        self.0
    }
}

impl Drop for LockedInode<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant; one that the kernel has taken is not dropped.
        unsafe { shims::sysdemo_unlock_inode(self.0 .0.get().cast()) };
    }
}

/// Gives a reference to the inode that stands for a node, which is made if there is none. It is
/// known by the node's number: nodes of one tree have different ones, and nothing of another is
/// ever open.
///
/// Fails with [`ENOMEM`].
pub(super) fn inode_of(mounted: &Mounted, node: &Arc<Node>) -> Result<NonNull<bindings::inode>> {
    // SAFETY: The mount is one, and has a superblock.
    let superblock = unsafe { (*mounted.as_ptr()).mnt_sb };
    // SAFETY: The superblock lives as long as the mount.
    let inode = unsafe { bindings::iget_locked(superblock, node.number()) };
    let inode = NonNull::new(inode).ok_or(ENOMEM)?;
    let raw = inode.as_ptr();
    // SAFETY: The inode is referenced. If it is new, it is so for this task alone: others wait
    // until it is unlocked.
    unsafe {
        if shims::sysdemo_inode_is_new(raw.cast()) != 0 {
            // CAST: A mode has 16 bits.
            (*raw).i_mode =
                (bindings::S_IFREG | u32::from(node.permissions())) as bindings::umode_t;
            (*raw).i_uid = node.owner().as_raw();
            (*raw).i_gid = node.group().as_raw();
            (*raw).i_op = &INODE_OPERATIONS.0;
            (*raw).i_private = node.clone().into_foreign();
            // CAST: The size of a file is far below `i64::MAX`.
            shims::sysdemo_set_size(raw.cast(), node.size() as i64);
            bindings::unlock_new_inode(raw);
        }
    }
    Ok(inode)
}

/// Says what a new mount is of.
///
/// # Safety
///
/// For C to call, as a file system type's `init_fs_context`.
unsafe extern "C" fn init_fs_context(context: *mut bindings::fs_context) -> c_int {
    // SAFETY: The context is new. The operations are never freed while the module is loaded, and a
    // mount keeps it loaded.
    unsafe { shims::sysdemo_init_pseudo(context.cast(), (&raw const SUPER_OPERATIONS.0).cast()) }
}

/// Lets go of an inode's node.
///
/// # Safety
///
/// For C to call, as the operation of that name.
unsafe extern "C" fn evict_inode(inode: *mut bindings::inode) {
    // SAFETY: Nobody else has the inode any more. What these want is how every `evict_inode` does
    // it.
    let node = unsafe {
        bindings::truncate_inode_pages_final(addr_of_mut!((*inode).i_data));
        bindings::clear_inode(inode);
        (*inode).i_private
    };
    // The inode of the file system's own root has no node.
    if !node.is_null() {
        // SAFETY: By the invariant of `Inode`; this is the last that is done with it.
        // This may be any thread; a node's `Arc` is `Send`.
        drop(unsafe { Arc::<Node>::from_foreign(node) });
    }
}

/// Tells what the node tells.
///
/// # Safety
///
/// For C to call, as the operation of that name.
unsafe extern "C" fn getattr(
    idmap: *mut bindings::mnt_idmap,
    path: *const bindings::path,
    stat: *mut bindings::kstat,
    mask: u32,
    _flags: c_uint,
) -> c_int {
    // SAFETY: The path is referenced and leads to an inode whose operations are these, so it was
    // made by `inode_of`.
    let (raw, inode) = unsafe {
        let raw = (*(*path).dentry).d_inode;
        (raw, Inode::from_raw(raw))
    };
    let told = inode.node().tell();
    // SAFETY: `stat` can be written, and the inode is referenced.
    unsafe {
        bindings::generic_fillattr(idmap, mask, raw, stat);
        // CAST: A mode has 16 bits.
        (*stat).mode = told.mode as bindings::umode_t;
        (*stat).nlink = told.nlink;
        // CAST: Sizes here are far below `i64::MAX`.
        (*stat).size = told.size as i64;
        (*stat).blocks = told.blocks;
        (*stat).atime = clock::timespec(told.btime);
        (*stat).mtime = clock::timespec(told.mtime);
        (*stat).ctime = clock::timespec(told.ctime);
        (*stat).btime = clock::timespec(told.btime);
        (*stat).result_mask |= bindings::STATX_BTIME;
    }
    0
}

/// Changes a file's size, for `ftruncate(2)`. All else fails with [`EOPNOTSUPP`]: mode and owner
/// are what the tree was told when the file was made, and `truncate(2)` of what `/proc/<pid>/fd`
/// shows would not know which file's rights to go by.
///
/// # Safety
///
/// For C to call, as the operation of that name.
unsafe extern "C" fn setattr(
    idmap: *mut bindings::mnt_idmap,
    dentry: *mut bindings::dentry,
    attributes: *mut bindings::iattr,
) -> c_int {
    const WANTED: u32 = bindings::ATTR_SIZE | bindings::ATTR_FILE;

    from_result(|| {
        // SAFETY: The attributes can be read.
        let (valid, size, file) = unsafe {
            (
                (*attributes).ia_valid,
                (*attributes).ia_size,
                (*attributes).ia_file,
            )
        };
        if valid & WANTED != WANTED {
            return Err(EOPNOTSUPP);
        }
        // SAFETY: As the caller has it. Checks `RLIMIT_FSIZE`, among others.
        to_result(unsafe { bindings::setattr_prepare(idmap, dentry, attributes) })?;
        let size = u64::try_from(size).map_err(|_| EINVAL)?;
        // SAFETY: The inode is one of `inode_of`, as these are its operations, and the file, which
        // is referenced, is one that was opened on it.
        let (inode, open) =
            unsafe { (Inode::from_raw((*dentry).d_inode), open_file::of_raw(file)) };
        // SAFETY: The kernel holds it over this operation.
        let inode = unsafe { LockedInode::taken_by_kernel(inode) };
        open.truncate(&inode, size)?;
        Ok(0)
    })
}

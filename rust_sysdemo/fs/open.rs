// SPDX-License-Identifier: GPL-2.0

//! `open()`, in stages.
//!
//! | stage | what it does | what undoes it |
//! |---|---|---|
//! | descriptor | reserves a number | gives it back |
//! | way | goes along the path to what is to be opened | - |
//! | permission | asks whether the caller may, and may have one more | - |
//! | file | makes the open file, names and counts what is new, cuts what is to be cut | closes it |
//! | install | puts the file behind the number | - |
//!
//! Each stage ends in an event `sysdemo:open_stage`. If one fails, what the earlier ones did is
//! undone, in the opposite order, each with an event `sysdemo:open_undo`. The order is the
//! kernel's: who has no descriptor left is told so before anything is looked at, and makes nothing.
//!
//! The last stage cannot fail, and has to be the last, for nobody can take it back: another thread
//! may use the descriptor at once. Here it is not even for `open()` to do: a real system call's
//! answer is a register, but ours has to be written to the caller's memory, which can fail, and
//! would leave a descriptor that nobody knows of. So [`open()`] gives an [`Opened`], and who
//! answers the caller installs it after that. If there is no answer it is closed again; the name of
//! a new file, and the cut of an old one, stay: others may have seen them.

use super::{
    access::{
        self,
        Caller,
        Want, //
    },
    node::{
        Kind,
        Node, //
    },
    open_file::{
        self,
        OpenFile, //
    },
    path::Path,
    tree::{
        Spare,
        Tree,
        Unnamed,
        MODE, //
    },
    walk::{
        Last,
        Resolve,
        Walk, //
    },
};
use crate::{
    bridge::{
        open_file::{
            make,
            Made, //
        },
        pseudo_fs::Mounted,
        task,
        tracepoint, //
    },
    syscall::{
        flags,
        Restriction, //
    },
    uapi::sysdemo_open_how, //
};
use kernel::{
    bindings,
    error::code::EFTYPE,
    fs::file::FileDescriptorReservation,
    prelude::*,
    sync::Arc, //
};

/// C's `OPENAT2_REGULAR`, which is a macro with a cast.
const OPENAT2_REGULAR: u64 = 1 << 32;

/// C's `S_IALLUGO`: the bits that a mode may have.
const ALL_MODE_BITS: u64 = 0o7777;

flags! {
    /// What `open()` knows of the flags of `openat2(2)`.
    struct OpenFlags: u64 {
        /// Reading, writing, both; or, as the kernel has it, neither with the permissions for both.
        const ACCESS = bindings::O_ACCMODE;
        /// The descriptor is closed by `execve(2)`.
        const CLOSE_ON_EXEC = bindings::O_CLOEXEC;
        /// What is not there is made.
        const CREATE = bindings::O_CREAT;
        /// What is there is an error, if it was to be made.
        const EXCLUSIVE = bindings::O_EXCL;
        /// What is there is cut to nothing.
        const TRUNCATE = bindings::O_TRUNC;
        /// What is written goes to the end.
        const APPEND = bindings::O_APPEND;
        /// It has to be a directory.
        const DIRECTORY = bindings::O_DIRECTORY;
        /// It has to be a file.
        const REGULAR = OPENAT2_REGULAR;
        /// Reading leaves no trace. It never does here, but only an owner may ask for it.
        const NO_ACCESS_TIME = bindings::O_NOATIME;
        /// What has no meaning for these files.
        const WITHOUT_MEANING = bindings::O_NOCTTY
            | bindings::O_NONBLOCK
            | bindings::O_NOFOLLOW
            | bindings::O_LARGEFILE
            | bindings::O_SYNC
            | bindings::FASYNC;
    }
}

/// How something is to be opened: what a caller says, understood.
pub(crate) struct How {
    flags: OpenFlags,
    /// The flags as the kernel keeps them with an open file.
    file_flags: u32,
    mode: u16,
    resolve: Resolve,
}

impl TryFrom<sysdemo_open_how> for How {
    type Error = Error;

    /// As C's `build_open_flags()` does.
    fn try_from(how: sysdemo_open_how) -> Result<Self> {
        /// Flags that are for the opening, and not for the file.
        const ONCE: u32 = bindings::O_CREAT
            | bindings::O_EXCL
            | bindings::O_NOCTTY
            | bindings::O_TRUNC
            | bindings::O_CLOEXEC;

        let flags = OpenFlags::try_from(how.flags)?;
        let resolve = Resolve::try_from(how.resolve)?;
        if resolve.contains(Resolve::BENEATH) && resolve.contains(Resolve::IN_ROOT) {
            return Err(EINVAL);
        }
        let create = flags.contains(OpenFlags::CREATE);
        if how.mode & !(if create { ALL_MODE_BITS } else { 0 }) != 0 {
            return Err(EINVAL);
        }
        if flags.contains(OpenFlags::DIRECTORY) && (create || flags.contains(OpenFlags::REGULAR)) {
            return Err(EINVAL);
        }
        if resolve.contains(Resolve::CACHED) && (create || flags.contains(OpenFlags::TRUNCATE)) {
            return Err(EAGAIN);
        }
        // CAST: Takes the lower half: what is in the upper one is for the opening as well.
        let mut file_flags = how.flags as u32 & !ONCE;
        if file_flags & bindings::__O_SYNC != 0 {
            file_flags |= bindings::O_DSYNC;
        }
        if cfg!(CONFIG_64BIT) {
            file_flags |= bindings::O_LARGEFILE;
        }
        Ok(Self {
            flags,
            file_flags,
            // CAST: It has no other bits.
            mode: how.mode as u16 & MODE,
            resolve,
        })
    }
}

impl How {
    fn has(&self, flag: OpenFlags) -> bool {
        self.flags.contains(flag)
    }

    /// What it takes of what is there: C's `ACC_MODE()`, and to cut is to write.
    fn want(&self) -> Want {
        let want = match self.file_flags & bindings::O_ACCMODE {
            bindings::O_RDONLY => Want::READ,
            bindings::O_WRONLY => Want::WRITE,
            _ => Want::READ.and(Want::WRITE),
        };
        if self.has(OpenFlags::TRUNCATE) {
            want.and(Want::WRITE)
        } else {
            want
        }
    }
}

/// A stage of an open, as the events number it.
#[derive(Clone, Copy)]
enum Stage {
    Descriptor = 0,
    Way = 1,
    Permission = 2,
    File = 3,
    Install = 4,
}

impl Stage {
    /// Tells what came of it.
    fn done<T>(self, result: Result<T>) -> Result<T> {
        let ret = match &result {
            Ok(_) => 0,
            Err(error) => error.to_errno().into(),
        };
        // CAST: A small number.
        tracepoint::open_stage(self as u32, ret);
        result
    }
}

/// Tells that a stage is undone, unless what came after it has succeeded.
struct Undo(Option<Stage>);

impl Undo {
    /// There is something to undo.
    fn of(stage: Stage) -> Self {
        Self(Some(stage))
    }

    /// Nothing can fail any more.
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        if let Some(stage) = self.0 {
            // CAST: A small number.
            tracepoint::open_undo(stage as u32);
        }
    }
}

/// What is at the end of the way.
enum Target {
    /// Something is there.
    There(Arc<Node>),
    /// Nothing is, and it is to be made in a directory.
    New(Arc<Node>),
}

/// What may be opened.
enum Permitted {
    There(Arc<Node>),
    /// A new one, and the directory that it is to be in.
    New(Unnamed, Arc<Node>),
}

/// An open file, and the descriptor that is reserved for it. To drop it undoes both.
pub(crate) struct Opened {
    // Dropped in this order.
    file: Made,
    undo_file: Undo,
    descriptor: FileDescriptorReservation,
    undo_descriptor: Undo,
}

impl Opened {
    /// The number of the descriptor.
    pub(crate) fn fd(&self) -> u32 {
        self.descriptor.reserved_fd()
    }

    /// The stage "install": from here on the descriptor is the file's.
    // Most calls open nothing.
    #[cold]
    pub(crate) fn install(self) {
        // Before it happens: what is opened may be closed again before this function is left.
        // CAST: A small number.
        tracepoint::open_stage(Stage::Install as u32, self.fd().into());
        self.undo_file.keep();
        self.undo_descriptor.keep();
        self.descriptor.fd_install(self.file.into_file());
    }
}

/// Opens a file or directory, and reserves a descriptor for it, to be installed. What is wrong with
/// the path itself is of interest, as in the kernel, only to who has a descriptor. `mount` gives
/// what the file is to be on.
///
/// Fails as the stages do, in their order, and of "way" as the reading of the path did; with
/// [`EINTR`] if the caller is being killed.
pub(crate) fn open(
    tree: &Tree,
    mount: impl Fn() -> Result<Mounted>,
    restriction: &Restriction,
    path: Result<Path>,
    how: &How,
) -> Result<Opened> {
    let descriptor = Stage::Descriptor.done(reserve(how))?;
    let undo_descriptor = Undo::of(Stage::Descriptor);
    let path = path.or_else(|error| Stage::Way.done(Err(error)))?;
    let caller = Caller::new();
    let open = OpenFile::new(restriction);
    let make =
        |node: &Arc<Node>| mount().and_then(|mounted| make(mounted, node, how.file_flags, open));

    let file = loop {
        let spare = prepare(&path, how).or_else(|error| Stage::Way.done(Err(error)))?;
        let names = tree.names.lock();
        let walk = tree.walk(&names, &caller, how.resolve);
        let target = Stage::Way.done(find(walk, &path, how))?;
        let permitted = permit(tree, &caller, target, spare, how, &open);
        let permitted = Stage::Permission.done(permitted)?;
        // What comes takes memory, and nobody else has to wait for that.
        drop(names);
        match permitted {
            Permitted::There(node) => {
                break Stage::File.done(make(&node).and_then(|file| cut(file, how)))?;
            }
            Permitted::New(new, parent) => {
                let made = make(new.node());
                let named = |file| Ok(tree.name(&parent, new)?.then_some(file));
                if let Some(file) = Stage::File.done(made.and_then(named))? {
                    break file;
                }
                drop(Undo::of(Stage::File));
            }
        }
        // Somebody else has made one of that name meanwhile: it is that one, then.
        if task::is_being_killed() {
            return Err(EINTR);
        }
    };
    Ok(Opened {
        file,
        undo_file: Undo::of(Stage::File),
        descriptor,
        undo_descriptor,
    })
}

/// The stage "descriptor": reserves one.
///
/// Fails with [`EMFILE`] if the caller has none left.
fn reserve(how: &How) -> Result<FileDescriptorReservation> {
    FileDescriptorReservation::get_unused_fd_flags(if how.has(OpenFlags::CLOSE_ON_EXEC) {
        bindings::O_CLOEXEC
    } else {
        0
    })
}

/// Takes the memory that will be needed under the lock of all names, for what may have to be made
/// at the end of the way.
///
/// Fails with [`ENOMEM`].
fn prepare(path: &Path, how: &How) -> Result<Option<Spare>> {
    how.has(OpenFlags::CREATE)
        .then(|| Spare::of(path))
        .transpose()
}

/// The stage "way": goes to what is to be opened.
///
/// Fails as [`Walk::go_to_parent`] does. Fails with [`EISDIR`] if what is to be made is called a
/// directory or is there as one, [`EEXIST`] if it is there and must not be, [`ENOENT`] if nothing
/// is there and nothing is to be made, and [`EFTYPE`] or [`ENOTDIR`] if it is not of the kind that
/// it has to be.
fn find(mut walk: Walk<'_>, path: &Path, how: &How) -> Result<Target> {
    let create = how.has(OpenFlags::CREATE);
    let mut as_directory = how.has(OpenFlags::DIRECTORY);
    let node = match walk.go_to_parent(path)? {
        Last::Root | Last::Here => walk.at(),
        Last::Up => {
            walk.up()?;
            walk.at()
        }
        Last::Name(_, true) if create => return Err(EISDIR),
        Last::Name(name, slash) => {
            as_directory |= slash;
            match walk.child(name)? {
                Some(node) => node,
                None if create => return Ok(Target::New(walk.at().into())),
                None => return Err(ENOENT),
            }
        }
    };
    if create && how.has(OpenFlags::EXCLUSIVE) {
        return Err(EEXIST);
    }
    if create && node.is_directory() {
        return Err(EISDIR);
    }
    if how.has(OpenFlags::REGULAR) && node.is_directory() {
        return Err(EFTYPE);
    }
    if as_directory && !node.is_directory() {
        return Err(ENOTDIR);
    }
    Ok(Target::There(node.into()))
}

/// The stage "permission": whether the caller may open it, or make it. What is made may be opened
/// in any way, whatever its mode says of later.
///
/// Fails with [`EACCES`] if the caller may not, [`EISDIR`] if a directory is to be written,
/// [`EPERM`] if only its owner may open it like that, or if it is to be cut and the device is not
/// allowed to write, and as [`Tree::prepare`] and [`Tree::require_node`] do. It is named later, and
/// then it is known whether there was still room: what is here in vain takes none from others.
fn permit(
    tree: &Tree,
    caller: &Caller,
    target: Target,
    spare: Option<Spare>,
    how: &How,
    open: &OpenFile,
) -> Result<Permitted> {
    match target {
        Target::There(node) => {
            let want = how.want();
            if node.is_directory() && want.includes(Want::WRITE) {
                return Err(EISDIR);
            }
            access::require(caller, node.object(), want)?;
            if how.has(OpenFlags::NO_ACCESS_TIME) && !access::is_owner(caller, node.object()) {
                return Err(EPERM);
            }
            if how.has(OpenFlags::TRUNCATE) {
                open.require_write()?;
            }
            Ok(Permitted::There(node))
        }
        Target::New(parent) => {
            let spare = spare.ok_or(ENOMEM)?;
            let new = tree.prepare(caller, &parent, spare, Kind::File, how.mode)?;
            tree.require_node(caller)?;
            Ok(Permitted::New(new, parent))
        }
    }
}

/// Of the stage "file", apart from [`make`]: cuts what was there to nothing, if that is wanted.
///
/// Fails as [`open_file::truncate`] does.
fn cut(file: Made, how: &How) -> Result<Made> {
    if how.has(OpenFlags::TRUNCATE) {
        open_file::truncate(&file.inode().lock(), 0)?;
    }
    Ok(file)
}

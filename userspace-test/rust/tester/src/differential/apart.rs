// SPDX-License-Identifier: GPL-2.0

//! A thread of its own, which can change what belongs to a whole program otherwise.

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::{chdir, chroot};
use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::panic::resume_unwind;

/// Runs a function in a thread whose root directory is an empty tmpfs that nobody else sees, with
/// the mode of `/tmp`.
pub(crate) fn on_a_tmpfs<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    let run = || {
        // SAFETY: The mounts, the root, the current directory and the umask are this thread's own
        // from here on; no file is lost, and no other thread is affected.
        unsafe { unshare_unsafe(UnshareFlags::NEWNS | UnshareFlags::FS) }.expect("root may");
        mount_change(
            "/",
            MountPropagationFlags::REC | MountPropagationFlags::PRIVATE,
        )
        .expect("root may");
        mount(
            "tmpfs",
            "/tmp",
            "tmpfs",
            MountFlags::empty(),
            Some(c"mode=1777"),
        )
        .expect("there is tmpfs");
        chroot("/tmp").expect("root may");
        chdir("/").expect("it is there");
        run()
    };
    std::thread::scope(|scope| {
        let thread = scope.spawn(run);
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

// SPDX-License-Identifier: GPL-2.0

//! Who is calling.

use crate::{
    bridge::{
        cred,
        task, //
    },
    syscall::{
        syscall,
        user_struct::{
            self,
            UserStruct, //
        },
        Context,
        UserOut, //
    },
    uapi::{
        self,
        sysdemo_identity, //
    },
};
use kernel::{
    current,
    prelude::*, //
};

syscall! {
    /// Gives the id of the calling process, as the caller's PID namespace knows it.
    ///
    /// As in `getpid(2)`, a "process" is a thread group: every thread gets the same answer.
    #[nr(uapi::SYSDEMO_NR_GETPID)]
    fn getpid(_ctx: &Context<'_>) -> Result<i64> {
        // `Task::tgid()` would be the id in the initial namespace: meaningless in a container, and
        // a leak of what lies outside of it.
        Ok(i64::from(current!().tgid_nr_ns(None)))
    }
}

syscall! {
    /// Gives the id of the calling thread, as the caller's PID namespace knows it.
    #[nr(uapi::SYSDEMO_NR_GETTID)]
    fn gettid(_ctx: &Context<'_>) -> Result<i64> {
        Ok(i64::from(task::current_tid()))
    }
}

impl UserStruct for sysdemo_identity {
    const SIZE_VER0: usize = uapi::SYSDEMO_IDENTITY_SIZE_VER0 as usize;
}

syscall! {
    /// Tells who is calling and with which rights. Gives 1 if the caller's structure is of an older
    /// version and there was something to say that it has no room for, otherwise 0.
    ///
    /// Fails with [`EINVAL`] or [`E2BIG`] if no version of the structure has that size, and with
    /// [`EFAULT`] if it cannot be written.
    #[nr(uapi::SYSDEMO_NR_IDENTITY)]
    fn identity(_ctx: &Context<'_>, out: UserOut<sysdemo_identity>, size: usize) -> Result<i64> {
        let out = user_struct::Out::new(&out, size)?;
        let ids = cred::current_ids();
        let identity = sysdemo_identity {
            uid: ids.uid,
            euid: ids.euid,
            suid: ids.suid,
            fsuid: ids.fsuid,
            gid: ids.gid,
            egid: ids.egid,
            sgid: ids.sgid,
            fsgid: ids.fsgid,
            cap_effective: ids.cap_effective,
            user_ns_level: ids.user_ns_level,
            no_new_privs: task::current_no_new_privs().into(),
            seccomp_mode: task::current_seccomp_mode(),
            pad: 0,
        };
        Ok(out.write(&identity)?.into())
    }
}

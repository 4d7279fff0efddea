// SPDX-License-Identifier: GPL-2.0

//! Registers and the way in on x86-64.
//!
//! C headers: [`arch/x86/include/asm/ptrace.h`](srctree/arch/x86/include/asm/ptrace.h),
//! [`arch/x86/include/asm/msr.h`](srctree/arch/x86/include/asm/msr.h)

use crate::{
    bridge::shims,
    uapi::{
        self,
        sysdemo_entry,
        sysdemo_regs, //
    },
};
use kernel::{
    bindings,
    error::to_result,
    prelude::*, //
};

/// Whether registers and entry can be told.
pub(crate) const KNOWN: bool = true;

/// The caller's user registers, with the arguments in the order of the entry that it came by;
/// `compat` is what is to be told of the door.
pub(crate) fn user_registers(compat: bool) -> Option<sysdemo_regs> {
    // SAFETY: A task that is in a system call has its user registers at the base of its kernel
    // stack. Nobody else writes them until it returns, apart from a debugger that has stopped it.
    // A worker of io_uring's has there what the one who made it had, but for `ip` and `sp`, which
    // are 0: copy_thread() writes them before it runs, and it never goes to user space.
    let regs = unsafe { &*shims::sysdemo_current_pt_regs().cast::<bindings::pt_regs>() };
    // SAFETY: Asks for a property of the running task.
    let args = if unsafe { shims::sysdemo_in_ia32_syscall() } != 0 {
        [regs.bx, regs.cx, regs.dx, regs.si, regs.di, regs.bp]
    } else {
        // SYSCALL puts the address to return to into rcx: r10 takes its place as the fourth.
        [regs.di, regs.si, regs.dx, regs.r10, regs.r8, regs.r9]
    };
    // SAFETY: All views of the two unions are integers.
    let (cs, ss) = unsafe { (regs.__bindgen_anon_1.cs, regs.__bindgen_anon_2.ss) };
    Some(sysdemo_regs {
        nr: regs.orig_ax as u64,
        args: args.map(|register| register as u64),
        ip: regs.ip as u64,
        sp: regs.sp as u64,
        flags: regs.flags as u64,
        cx: regs.cx as u64,
        r11: regs.r11 as u64,
        cs: cs.into(),
        ss: ss.into(),
        compat: compat.into(),
        pad: 0,
    })
}

/// Reads a model-specific register of the CPU that this runs on.
///
/// Fails with [`EIO`] if the CPU has none of that number.
fn read_msr(number: u32) -> Result<u64> {
    let mut value = 0;
    // SAFETY: `value` can be written. A number that the CPU does not know ends in an error. That
    // the task may be on another CPU by now does no harm: these registers are the same on all.
    to_result(unsafe { shims::sysdemo_read_msr(number, &mut value) })?;
    Ok(value)
}

/// How this CPU enters the kernel.
///
/// Fails as [`read_msr`].
pub(crate) fn entry() -> Result<sysdemo_entry> {
    let star = read_msr(bindings::MSR_STAR)?;
    // SAFETY: Asks for CPU features, which do not change any more.
    let (fred, features) = unsafe {
        (
            shims::sysdemo_entry_is_fred(),
            shims::sysdemo_entry_features(),
        )
    };
    Ok(sysdemo_entry {
        mechanism: if fred != 0 {
            uapi::SYSDEMO_ENTRY_FRED
        } else {
            uapi::SYSDEMO_ENTRY_SYSCALL
        },
        // CAST: The two highest words of the register.
        kernel_cs: (star >> 32) as u16,
        user_cs: (star >> 48) as u16,
        lstar: read_msr(bindings::MSR_LSTAR)?,
        fmask: read_msr(bindings::MSR_SYSCALL_MASK)?,
        features,
    })
}

// SPDX-License-Identifier: GPL-2.0

//! The ways into the kernel.

use crate::arena::harmless;
use std::arch::asm;
use std::ffi::CStr;
use std::io;

/// Turns what the C library gives back into a result.
fn check(status: libc::c_int) -> io::Result<libc::c_int> {
    match status {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(status),
    }
}

/// Makes an ioctl; gives what the kernel does.
///
/// Whatever its argument is: the kernel must survive it, and so must this program, which has no
/// memory where [`harmless`] numbers point, apart from the arena.
///
/// The caller's registers are something that `regs` tells, and what it tells may be taken for
/// addresses by the next call. So they are harmless as well: those that the command has no use for
/// are zero, and the stack pointer is `stack`, the end of memory that is there for this.
pub(crate) fn ioctl(stack: u64, fd: i32, command: u32, argument: u64) -> i64 {
    let result;
    // SAFETY: The kernel writes to the arena and to that stack alone: the argument and all that it
    // leads to are harmless numbers. The real stack is back afterwards; a signal that comes before
    // finds the other one to be as good. What the kernel changes is declared.
    unsafe {
        asm!(
            "mov {saved}, rsp",
            "mov rsp, {stack}",
            "syscall",
            "mov rsp, {saved}",
            saved = out(reg) _,
            stack = in(reg) stack,
            inout("rax") libc::SYS_ioctl => result,
            in("rdi") i64::from(fd),
            in("rsi") u64::from(command),
            in("rdx") argument,
            in("r10") 0_u64,
            in("r8") 0_u64,
            in("r9") 0_u64,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    result
}

/// Makes an ioctl by the door of 32-bit programs. The argument is cut to 32 bits.
pub(crate) fn ioctl_32(stack: u64, fd: i32, command: u32, argument: u64) -> i64 {
    /// Number of `ioctl` there.
    const IOCTL: u64 = 54;
    // Cut, it is another number.
    let argument = harmless(u64::from(argument as u32));
    let mut result = IOCTL;
    // SAFETY: As for `ioctl`. rbx, which the compiler keeps for itself, is as before afterwards,
    // and so is whatever else it has put there: it is exchanged last and exchanged back first.
    unsafe {
        asm!(
            "mov {saved}, rsp",
            "mov rsp, {stack}",
            "xchg {fd}, rbx",
            "int 0x80",
            "xchg {fd}, rbx",
            "mov rsp, {saved}",
            saved = out(reg) _,
            stack = in(reg) stack,
            fd = inout(reg) u64::from(fd as u32) => _,
            inout("rax") result,
            in("rcx") u64::from(command),
            in("rdx") argument,
            in("rsi") 0_u64,
            in("rdi") 0_u64,
            lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
        );
    }
    i64::from(result as i32)
}

/// Reads the log of a file; gives what the C library does.
///
/// As with [`ioctl`], whatever the address is.
pub(crate) fn read(fd: i32, address: u64, size: u64) -> i64 {
    // SAFETY: The kernel writes to the arena alone: the address is a harmless number.
    unsafe { libc::syscall(libc::SYS_read, i64::from(fd), address, size) }
}

/// Asks what a file is ready for, without waiting; gives how many are ready for anything.
pub(crate) fn poll(fd: i32) -> i64 {
    let mut asked = libc::pollfd {
        fd,
        events: libc::POLLIN | libc::POLLOUT,
        revents: 0,
    };
    // SAFETY: There is one such structure.
    i64::from(unsafe { libc::poll(&raw mut asked, 1, 0) })
}

/// Opens the device, by flags that need not make sense.
///
/// But so that nothing waits: an input is to end whatever it asks for.
pub(crate) fn open(path: &CStr, flags: i32) -> Option<i32> {
    let flags = flags & !(libc::O_CREAT | libc::O_TMPFILE) | libc::O_NONBLOCK;
    // SAFETY: The path ends in a zero byte, and no flag that would need a mode is ever given.
    let fd = unsafe { libc::open(path.as_ptr(), flags) };
    check(fd).ok()
}

/// Closes what [`open`] has opened.
pub(crate) fn close(fd: i32) {
    // SAFETY: Nobody owns such a file: two threads race for it, and the loser gets EBADF.
    unsafe { libc::close(fd) };
}

/// What can be done with an open file. None of it waits, whatever is open there.
#[derive(Clone, Copy)]
pub(crate) enum FileCall {
    Pread,
    Pwrite,
    Seek,
    Truncate,
    Stat,
}

/// Does something with a file, whichever one has that number.
///
/// Memory of this program is touched only in the arena: the address has to be [`harmless`].
pub(crate) fn file_call(call: FileCall, fd: i32, address: u64, size: u64, offset: u64) -> i64 {
    let address = harmless(address);
    let (fd, size, offset) = (i64::from(fd), size as i64, offset as i64);
    // SAFETY: The kernel writes to the arena alone, as the address is a harmless number. What is
    // written to or cut off is a file of the module's, or none: see `first_free()`.
    let status = unsafe {
        match call {
            FileCall::Pread => libc::syscall(libc::SYS_pread64, fd, address, size, offset),
            FileCall::Pwrite => libc::syscall(libc::SYS_pwrite64, fd, address, size, offset),
            FileCall::Seek => libc::syscall(libc::SYS_lseek, fd, offset, size & 7),
            FileCall::Truncate => libc::syscall(libc::SYS_ftruncate, fd, offset),
            FileCall::Stat => libc::syscall(libc::SYS_fstat, fd, address),
        }
    };
    check_long(status)
}

/// Turns what the C library gives back into what the kernel gave.
fn check_long(status: i64) -> i64 {
    match status {
        -1 => -i64::from(io::Error::last_os_error().raw_os_error().unwrap_or(0)),
        _ => status,
    }
}

/// Sees to it that all numbers below one are those of open files; gives that number.
///
/// Files that are opened from here on have numbers from there on: an input's own.
pub(crate) fn first_free() -> io::Result<i32> {
    let mut highest = 0;
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.parse().ok());
        highest = highest.max(number.unwrap_or(0));
    }
    loop {
        // SAFETY: No memory is involved, and nobody owns what is opened.
        let fd = check(unsafe { libc::dup(libc::STDERR_FILENO) })?;
        if fd > highest {
            close(fd);
            return Ok(fd);
        }
    }
}

/// Closes all files from a number on.
pub(crate) fn close_from(first: i32) {
    // SAFETY: No memory is involved, and what has such numbers nobody owns: it is an input's.
    unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
}

/// Sets the effective user of this thread: with that of root its rights come and go.
pub(crate) fn become_user(user: u32) -> io::Result<()> {
    // SAFETY: No memory is involved. Of the C library's function all threads would be changed.
    let status = unsafe { libc::syscall(libc::SYS_setresuid, -1, user, -1) };
    check(status as i32).map(drop)
}

/// Lets this thread run on one CPU alone, so that two threads truly run at once.
pub(crate) fn stay_on_cpu(cpu: usize) -> io::Result<()> {
    // SAFETY: All bits zero is an empty set, and the set is within its size.
    check(unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    })
    .map(drop)
}

extern "C" fn nothing(_signal: libc::c_int) {}

/// Lets a signal interrupt this thread again and again: a call that sleeps comes to its end.
///
/// Its handler has no `SA_RESTART`: with that, a call could start again for ever.
pub(crate) fn interrupt_often() -> io::Result<()> {
    const PERIOD: libc::timespec = libc::timespec {
        tv_sec: 0,
        tv_nsec: 20_000_000,
    };
    // The C library and libFuzzer have no use for that one.
    let signal = libc::SIGRTMIN() + 1;
    // SAFETY: All bits zero is a value of these structures, which are there for the calls, and the
    // handler does nothing.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as usize;
        check(libc::sigaction(
            signal,
            &raw const action,
            std::ptr::null_mut(),
        ))?;
        let mut event: libc::sigevent = std::mem::zeroed();
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = signal;
        event.sigev_notify_thread_id = libc::gettid();
        let mut timer = std::mem::zeroed();
        check(libc::timer_create(
            libc::CLOCK_MONOTONIC,
            &raw mut event,
            &raw mut timer,
        ))?;
        let times = libc::itimerspec {
            it_interval: PERIOD,
            it_value: PERIOD,
        };
        check(libc::timer_settime(
            timer,
            0,
            &raw const times,
            std::ptr::null_mut(),
        ))
        .map(drop)
    }
}

/// Starts a child process that runs a function and ends; gives its id.
///
/// The function must not wait for another thread: there is none in the child.
pub(crate) fn fork(run: impl FnOnce()) -> io::Result<i32> {
    // SAFETY: The memory is the child's own, the C library sees to its own locks, and nothing that
    // would be dropped twice is: the child ends here.
    let child = check(unsafe { libc::fork() })?;
    if child == 0 {
        // Its parent's timer is not its own. Without one it might sleep for ever.
        if interrupt_often().is_err() {
            // SAFETY: No memory is involved.
            unsafe { libc::_exit(1) };
        }
        run();
        // SAFETY: No memory is involved.
        unsafe { libc::_exit(0) };
    }
    Ok(child)
}

/// Waits for a child to end; whether it ended well.
pub(crate) fn wait(child: i32) -> io::Result<bool> {
    let mut status = 0;
    loop {
        // SAFETY: The status is a place to write to.
        match check(unsafe { libc::waitpid(child, &raw mut status, 0) }) {
            Ok(_) => return Ok(status == 0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

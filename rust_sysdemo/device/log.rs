// SPDX-License-Identifier: GPL-2.0

//! The log of an open device: the calls that were made through it, for who reads them.
//!
//! Who makes a call never waits for a reader: if there is no room for a record, the oldest is
//! dropped, and counted. Who reads never holds a lock while its memory is touched: it takes a
//! record out, copies it, and says that it is done, or gives it back.
//!
//! Lock order: the state's lock is taken alone, for the time that it takes to copy a record, and
//! the wait queue's own lock may be taken under it, by who is about to wait.

use super::{
    record,
    ring::{
        Entry,
        Ring, //
    },
};
use crate::{
    bridge::{
        file::Events,
        flag::Flag,
        plain::Plain,
        task,
        time::Monotonic, //
    },
    syscall::{
        flags,
        Context, //
    },
    uapi::{
        self,
        sysdemo_log,
        sysdemo_log_record, //
    },
};
use core::{
    mem::{
        self,
        size_of, //
    },
    ptr,
};
use kernel::{
    bindings,
    current,
    fs::File,
    iov::IovIterDest,
    new_spinlock,
    pid_namespace::PidNamespace,
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    static_lock_class,
    sync::{
        aref::ARef,
        poll::{
            PollCondVar,
            PollCondVarBox,
            PollTable, //
        },
        SpinLock, //
    }, //
};

/// The most records that a log keeps.
const CAPACITY_MAX: u32 = uapi::SYSDEMO_LOG_CAPACITY_MAX;

/// How many bytes a record is to a reader.
const RECORD: usize = size_of::<sysdemo_log_record>();

/// The most memory that a log takes besides its own size: the records, and what is behind the wait
/// queue's box. The allocator gives powers of two, or less.
pub(super) const MEMORY_MAX: usize = {
    // CAST: Lossless, but `usize::try_from()` is not `const`.
    let records = CAPACITY_MAX as usize * size_of::<Entry>();
    let queue = size_of::<PollCondVar>() + size_of::<bindings::kvfree_rcu_head>();
    records.next_power_of_two() + queue.next_power_of_two()
};

flags! {
    /// What is to be done with a log.
    struct LogFlags: u32 {
        /// It is switched on.
        const ON = uapi::SYSDEMO_LOG_ON;
        /// It is switched off.
        const OFF = uapi::SYSDEMO_LOG_OFF;
    }
}

/// A log, at first off.
#[pin_data]
pub(crate) struct Log {
    /// Whether calls leave a record: a hint for who makes one. The state knows.
    on: Flag,
    #[pin]
    state: SpinLock<State>,
    /// Notified when there is a record to be read, and when there will be none.
    changed: PollCondVarBox,
}

/// What the lock of a log guards.
struct State {
    on: bool,
    /// Somebody is switching it on. It is off until the ring is there.
    switching: bool,
    ring: Ring,
    /// How often it was switched on: which of its rings this is.
    round: u64,
    /// The number of the next record.
    next: u64,
    /// How many records nobody can read any more.
    dropped: u64,
    /// The PID namespace of who switched it on.
    pid_ns: Option<ARef<PidNamespace>>,
}

impl State {
    /// As it is before anybody has asked for it.
    const NEVER_ON: Self = Self {
        on: false,
        switching: false,
        ring: Ring::empty(),
        round: 0,
        next: 0,
        dropped: 0,
        pid_ns: None,
    };

    /// Whether it is over: nothing will be there to be read until the log is switched on. What a
    /// reader has may yet be given back.
    fn is_over(&self) -> bool {
        !self.on && self.ring.held() == 0
    }

    /// Counts records that nobody can read any more.
    fn drop_records(&mut self, count: usize) {
        // CAST: Lossless, the kernel has no target with a `usize` of more than 64 bits.
        self.dropped = self.dropped.wrapping_add(count as u64);
    }

    /// How the log is.
    fn describe(&self) -> Condition {
        Condition {
            on: self.on,
            // CAST: Not more than `CAPACITY_MAX`.
            room: self.ring.capacity() as u32,
            dropped: self.dropped,
        }
    }
}

/// How a log is, for who asks.
struct Condition {
    on: bool,
    room: u32,
    dropped: u64,
}

/// A record that a reader has taken. If it is dropped before it was delivered it is given back.
struct Taken<'a> {
    log: &'a Log,
    entry: Entry,
    /// Which of the log's rings it is from.
    round: u64,
    /// Whether the thread id means something to the reader.
    is_ours: bool,
    delivered: bool,
}

impl Taken<'_> {
    /// The record as the reader gets it.
    fn record(&self) -> sysdemo_log_record {
        sysdemo_log_record {
            time: self.entry.time.as_nanos_for_current(),
            seq: self.entry.seq,
            ret: self.entry.ret,
            nr: self.entry.nr,
            // What is given back keeps it, for another reader.
            tid: if self.is_ours { self.entry.tid } else { 0 },
        }
    }

    /// The reader has it.
    fn delivered(mut self) {
        self.delivered = true;
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut state = self.log.state.lock();
        let same = state.round == self.round;
        match (self.delivered, same) {
            (true, true) => state.ring.done(),
            (true, false) => {}
            (false, true) => state.ring.give_back(self.entry),
            // The ring that it is from is gone.
            (false, false) => state.drop_records(1),
        }
        // It can be read again, or those who waited for that learn that it is the end.
        let news = !self.delivered || state.is_over();
        drop(state);
        if news {
            self.log.changed.notify_all();
        }
    }
}

impl Log {
    /// A log that is off.
    ///
    /// Fails with [`ENOMEM`].
    pub(super) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            on: Flag::new(),
            state <- new_spinlock!(State::NEVER_ON),
            // Behind a box of its own, which is freed when no `epoll` can look at it any more:
            // without a wait for that in `close()`. The box is not on the opener's account, but it
            // is the smallest part of what there is one of for each open device.
            changed: PollCondVarBox::new(c"sysdemo_log", static_lock_class!())?,
        }? Error)
    }

    /// Whether calls are to be noted. A hint: who was told that the log is on, by whatever means,
    /// sees it on.
    #[inline(always)]
    pub(crate) fn is_on(&self) -> bool {
        self.on.is_set()
    }

    /// Notes a call that was made, if that is wanted.
    pub(crate) fn note(&self, nr: u32, ret: i64) {
        if !self.is_on() {
            return;
        }
        let mut state = self.state.lock();
        if !state.on {
            return;
        }
        // Under the lock: the order of times is that of numbers.
        let time = Monotonic::now();
        let pid_ns = state.pid_ns.as_ref();
        // CAST: An id is not negative.
        let tid = pid_ns.map_or(0, |pid_ns| task::current_tid_in(pid_ns)) as u32;
        let seq = state.next;
        state.next = seq.wrapping_add(1);
        if state.ring.push(Entry {
            time,
            seq,
            ret,
            nr,
            tid,
        }) {
            state.drop_records(1);
        }
        drop(state);
        // All, though one is enough: the crate has no wake-up with a key, without which one may go
        // to an exclusive poller (`EPOLLEXCLUSIVE`) who does not wait for something to read, and
        // who keeps it.
        self.changed.notify_all();
    }

    /// Takes the oldest record.
    ///
    /// If there is none it waits for one, if it may. Fails with [`ENODATA`] if there will be none,
    /// as the log is off and no other reader can give one back; with [`EAGAIN`] if it may not wait;
    /// and with [`ERESTARTSYS`] if a signal comes first.
    fn take(&self, may_wait: bool) -> Result<Taken<'_>> {
        let mut interrupted = false;
        let mut state = self.state.lock();
        loop {
            // Before the signal: as for a pipe, what is there is read.
            if let Some(entry) = state.ring.take() {
                return Ok(Taken {
                    log: self,
                    entry,
                    round: state.round,
                    is_ours: is_ours(&state.pid_ns),
                    delivered: false,
                });
            }
            if state.is_over() {
                return Err(ENODATA);
            }
            if !may_wait {
                return Err(EAGAIN);
            }
            if interrupted {
                return Err(ERESTARTSYS);
            }
            interrupted = self.changed.wait_interruptible(&mut state);
        }
    }

    /// `read(2)`: gives the records that there are, as many as fit, and waits for the first of them
    /// if it may.
    ///
    /// Fails with [`EINVAL`] if there is no room for one, with [`EFAULT`] if the first cannot be
    /// written, which is then the next to be read, and otherwise as [`Log::take`].
    pub(super) fn read(&self, to: &mut IovIterDest<'_>, may_wait: bool) -> Result<usize> {
        if to.len() < RECORD {
            return Err(EINVAL);
        }
        let mut read = 0;
        // Not more than a log can hold, however fast calls are made meanwhile.
        for _ in 0..CAPACITY_MAX {
            if to.len() < RECORD {
                break;
            }
            let taken = match self.take(may_wait && read == 0) {
                Ok(taken) => taken,
                Err(error) if read == 0 => return Err(error),
                Err(_) => break,
            };
            if to.copy_to_iter(taken.record().as_bytes()) < RECORD {
                if read == 0 {
                    return Err(EFAULT);
                }
                break;
            }
            taken.delivered();
            read += RECORD;
        }
        Ok(read)
    }

    /// `poll(2)`: there is something to read, or there will be nothing.
    pub(super) fn poll(&self, file: &File, table: &PollTable<'_>) -> Events {
        table.register_wait(file, &self.changed);

        let state = self.state.lock();
        let mut events = Events::NONE;
        let readable = state.ring.waiting() > 0;
        if readable {
            events = events | Events::READABLE;
        }
        // As of a pipe whose other end is closed. Not while there is nothing only because another
        // reader has it: who sees this alone may take it for the end.
        if !state.on && (readable || state.is_over()) {
            events = events | Events::HUNG_UP;
        }
        events
    }

    /// Switches the log on, with room for `capacity` records.
    ///
    /// What it held before is dropped first, so that there never are two rings; by one thread at a
    /// time, for the same reason.
    ///
    /// Fails with [`EBUSY`] if it is on, or if another thread is switching it on, and with
    /// [`ENOMEM`], after which it is off and empty.
    fn switch_on(&self, capacity: usize) -> Result<Condition> {
        let mut state = self.state.lock();
        if state.on || state.switching {
            return Err(EBUSY);
        }
        state.switching = true;
        let old = mem::replace(&mut state.ring, Ring::empty());
        let old_pid_ns = state.pid_ns.take();
        // Those that a reader has may yet be delivered: if not, it counts them itself.
        state.drop_records(old.waiting());
        state.round = state.round.wrapping_add(1);
        drop(state);
        drop((old, old_pid_ns));

        let new = Ring::new(capacity).map(|ring| {
            let pid_ns = current!().active_pid_ns().map(ARef::from);
            (ring, pid_ns)
        });

        let mut state = self.state.lock();
        state.switching = false;
        let told = new.map(|(ring, pid_ns)| {
            // What they replace is empty: nothing is freed under the lock.
            state.ring = ring;
            state.pid_ns = pid_ns;
            state.on = true;
            self.on.set(true);
            state.describe()
        });
        drop(state);
        // Who waits for it to be on, by `poll`, looks again; and who waited for a record of the old
        // ring that another reader has.
        self.changed.notify_all();
        told
    }

    /// Switches the log off. What it holds can still be read.
    fn switch_off(&self) -> Condition {
        let mut state = self.state.lock();
        state.on = false;
        self.on.set(false);
        let told = state.describe();
        drop(state);
        self.changed.notify_all();
        told
    }

    /// Shows the log in `/proc/<pid>/fdinfo/<fd>`.
    pub(super) fn show(&self, m: &SeqFile) {
        let told = self.state.lock().describe();
        seq_print!(m, "sysdemo-log:\t{}\n", u8::from(told.on));
        seq_print!(m, "sysdemo-log-capacity:\t{}\n", told.room);
        seq_print!(m, "sysdemo-log-dropped:\t{}\n", told.dropped);
    }
}

/// Whether a PID namespace is that of the task that is running.
fn is_ours(pid_ns: &Option<ARef<PidNamespace>>) -> bool {
    matches!(
        (pid_ns, current!().active_pid_ns()),
        (Some(pid_ns), Some(ours)) if ptr::eq(pid_ns.as_ptr(), ours.as_ptr())
    )
}

/// `SYSDEMO_IOC_LOG`: switches the log on or off, and tells of it.
///
/// Fails with [`EFAULT`] if the structure cannot be read, and nothing is changed, or cannot be
/// written; with [`EINVAL`] if it asks for what there is not; and otherwise as [`Log::switch_on`].
#[inline(never)]
pub(super) fn command(ctx: &Context<'_>, arg: UserPtr) -> Result<isize> {
    let Plain(request) = record::read::<sysdemo_log>(arg)?;
    let flags = LogFlags::try_from(request.flags)?;
    let log = &ctx.session.log;

    let told = match (flags.contains(LogFlags::ON), flags.contains(LogFlags::OFF)) {
        (true, false) if (1..=CAPACITY_MAX).contains(&request.capacity) => {
            // CAST: Lossless, the kernel has no target with a `usize` of less than 32 bits.
            log.switch_on(request.capacity as usize)?
        }
        (false, true) if request.capacity == 0 => log.switch_off(),
        (false, false) if request.capacity == 0 => log.state.lock().describe(),
        _ => return Err(EINVAL),
    };
    // What was asked for stays as it is: it can be asked again.
    record::write(
        arg,
        sysdemo_log {
            state: if told.on {
                uapi::SYSDEMO_LOG_ON
            } else {
                uapi::SYSDEMO_LOG_OFF
            },
            room: told.room,
            dropped: told.dropped,
            ..request
        },
    )?;
    Ok(0)
}

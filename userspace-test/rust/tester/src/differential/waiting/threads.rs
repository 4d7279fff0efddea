// SPDX-License-Identifier: GPL-2.0

//! Who takes the steps: by the device's calls, or by the kernel's own.

use super::step::{Limit, Place, Step, Time, WORDS, Word};
use crate::differential::World;
use rustix::thread::gettid;
use std::ffi::c_int;
use std::fs;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use sysdemo::{Device, ioctl, uapi};

const SECOND: i64 = 1_000_000_000;
/// A time that nobody waits for.
const LONG: i64 = 1000 * SECOND;
/// After that it is a mistake that somebody does not come back.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often each error, or 0, was what somebody got.
static OUTCOMES: [AtomicU32; 256] = [const { AtomicU32::new(0) }; 256];
/// How often a thread slept again after a handler had run.
static RESTARTS: AtomicU32 = AtomicU32::new(0);
/// How often a handler ran.
static HANDLED: AtomicU32 = AtomicU32::new(0);

extern "C" fn handle(_signal: c_int) {
    HANDLED.fetch_add(1, SeqCst);
}

/// The signal whose handler has `SA_RESTART`, or has not.
fn signal(restart: bool) -> c_int {
    /// Installs the handlers, once.
    static INSTALLED: LazyLock<()> = LazyLock::new(|| {
        for (signal, flags) in [(libc::SIGUSR1, 0), (libc::SIGUSR2, libc::SA_RESTART)] {
            // SAFETY: All bits zero is an action, and the handler does nothing but count.
            let status = unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = handle as extern "C" fn(c_int) as usize;
                action.sa_flags = flags;
                libc::sigaction(signal, &raw const action, ptr::null_mut())
            };
            assert_eq!(status, 0, "a handler cannot be installed");
        }
    });
    LazyLock::force(&INSTALLED);
    if restart {
        libc::SIGUSR2
    } else {
        libc::SIGUSR1
    }
}

/// What came out in all, for the log; panics if a kind of it never did.
pub(super) fn outcome() -> String {
    let wanted = [
        (0, "success"),
        (libc::EINTR, "EINTR"),
        (libc::EAGAIN, "EAGAIN"),
        (libc::EFAULT, "EFAULT"),
        (libc::EINVAL, "EINVAL"),
        (libc::ETIMEDOUT, "ETIMEDOUT"),
    ];
    let mut text = String::new();
    for (error, name) in wanted {
        let count = OUTCOMES[error as usize].load(SeqCst);
        assert_ne!(count, 0, "{name} never came out");
        text += &format!("{name} {count}, ");
    }
    let restarts = RESTARTS.load(SeqCst);
    assert_ne!(restarts, 0, "nothing was ever restarted");
    text + &format!("{restarts} restarts")
}

/// What the kernel gives, as one number.
fn kernels(result: i64) -> i64 {
    match result {
        -1 => -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)),
        _ => result,
    }
}

fn clock() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec * SECOND + now.tv_nsec
}

/// A time as it is given to a call: a structure of the call's own kind, or what is none.
#[derive(Clone, Copy)]
enum Given {
    None,
    Time { absolute: bool, ns: i64 },
    Address(u64),
}

impl Given {
    fn new(time: Time) -> Self {
        let ns = match time {
            Time { absolute: true, ns } if ns >= 0 => clock() + ns,
            Time { ns, .. } => ns,
        };
        Self::Time {
            absolute: time.absolute,
            ns,
        }
    }

    fn is_absolute(self) -> bool {
        matches!(self, Self::Time { absolute: true, .. })
    }
}

/// The device's calls, or the kernel's.
#[derive(Clone, Copy)]
struct Calls {
    device: Option<RawFd>,
}

impl Calls {
    /// Makes a call of the device's.
    fn ours(fd: RawFd, nr: u32, args: &[u64]) -> i64 {
        // SAFETY: The device is open for as long as steps are taken. The addresses are those of
        // words and of a structure on the caller's stack, or of no memory of this program.
        let result = unsafe { ioctl::call(BorrowedFd::borrow_raw(fd), nr, args) };
        result.unwrap_or_else(|error| -i64::from(error.raw_os_error().unwrap_or(0)))
    }

    /// Makes a call with a time; gives its result, and the time as it is afterwards.
    fn with_time(
        self,
        time: Given,
        ours: impl FnOnce(RawFd, u64, u64) -> i64,
        theirs: impl FnOnce(*mut libc::timespec) -> i64,
    ) -> (i64, i64) {
        let Given::Time { absolute, ns } = time else {
            let address = if let Given::Address(address) = time {
                address
            } else {
                0
            };
            let size = u64::from(address != 0) * size_of::<uapi::sysdemo_time>() as u64;
            let result = match self.device {
                Some(fd) => ours(fd, address, size),
                None => theirs(ptr::with_exposed_provenance_mut(address as usize)),
            };
            return (result, 0);
        };
        match self.device {
            Some(fd) => {
                let mut time = uapi::sysdemo_time {
                    flags: u64::from(absolute) * u64::from(uapi::SYSDEMO_TIME_ABSOLUTE),
                    time: ns,
                };
                let address = &raw mut time as u64;
                let result = ours(fd, address, size_of_val(&time) as u64);
                (result, time.time)
            }
            None => {
                // What is negative becomes a second or a nanosecond that is.
                let mut time = libc::timespec {
                    tv_sec: ns / SECOND,
                    tv_nsec: ns % SECOND,
                };
                let result = theirs(&raw mut time);
                (
                    result,
                    time.tv_sec.wrapping_mul(SECOND).wrapping_add(time.tv_nsec),
                )
            }
        }
    }

    fn sleep(self, time: Given) -> (i64, i64) {
        let flags = c_int::from(time.is_absolute()) * libc::TIMER_ABSTIME;
        self.with_time(
            // A null pointer with a size: `None` means something to a wait alone.
            time,
            |fd, address, _| Self::ours(fd, uapi::SYSDEMO_NR_SLEEP, &[address, 16]),
            |time| {
                // SAFETY: As for ours.
                kernels(unsafe {
                    let clock = libc::CLOCK_MONOTONIC;
                    libc::syscall(libc::SYS_clock_nanosleep, clock, flags, time, time)
                })
            },
        )
    }

    fn wait(self, word: u64, expected: u32, time: Given) -> i64 {
        let result = self.with_time(
            time,
            |fd, address, size| {
                let args = [word, expected.into(), address, size];
                Self::ours(fd, uapi::SYSDEMO_NR_WAIT, &args)
            },
            |timeout| {
                // Of the two, this is the one with an absolute time.
                let operation = libc::FUTEX_PRIVATE_FLAG
                    | if time.is_absolute() {
                        libc::FUTEX_WAIT_BITSET
                    } else {
                        libc::FUTEX_WAIT
                    };
                // SAFETY: As for ours.
                kernels(unsafe {
                    let all = libc::FUTEX_BITSET_MATCH_ANY;
                    libc::syscall(
                        libc::SYS_futex,
                        word,
                        operation,
                        expected,
                        timeout,
                        0_usize,
                        all,
                    )
                })
            },
        );
        result.0
    }

    fn wake(self, word: u64, count: u32) -> i64 {
        match self.device {
            Some(fd) => Self::ours(fd, uapi::SYSDEMO_NR_WAKE, &[word, count.into()]),
            None => {
                let operation = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
                // SAFETY: Nothing is touched.
                kernels(unsafe { libc::syscall(libc::SYS_futex, word, operation, count) })
            }
        }
    }
}

/// What a thread tells of itself.
struct Report {
    /// Its id, from just before its call.
    tid: AtomicI32,
    done: AtomicBool,
    result: AtomicI64,
    /// Whether a sleep that was interrupted tells what remains.
    told: AtomicBool,
}

struct Sleeper {
    thread: JoinHandle<()>,
    report: Arc<Report>,
    /// Whether it is known that it came back.
    known: bool,
}

impl Sleeper {
    fn is_done(&self) -> bool {
        self.report.done.load(SeqCst)
    }

    /// Waits until it sleeps in its call, or has come back from it.
    fn settle(&self) {
        let start = Instant::now();
        while !self.is_done() {
            let tid = self.report.tid.load(SeqCst);
            // It touches nothing between telling its id and its call that it could sleep for.
            let stat = fs::read_to_string(format!("/proc/self/task/{tid}/stat"));
            if stat.is_ok_and(|stat| tid != 0 && stat.contains(") S ")) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "a thread does not sleep");
            thread::yield_now();
        }
    }
}

/// The threads that were started, and the words that they meet at.
pub(super) struct Threads {
    calls: Calls,
    words: Arc<[AtomicU32; WORDS as usize]>,
    sleepers: Vec<Sleeper>,
}

/// Counts what somebody got; gives it as text.
fn told(result: i64) -> String {
    let error = usize::try_from(-result).unwrap_or(0);
    OUTCOMES[error.min(OUTCOMES.len() - 1)].fetch_add(1, SeqCst);
    result.to_string()
}

impl Threads {
    /// Nobody sleeps yet.
    pub(super) fn new(device: Option<&Device>) -> Self {
        let device = device.map(|device| device.as_fd().as_raw_fd());
        Self {
            calls: Calls { device },
            words: Arc::default(),
            sleepers: Vec::new(),
        }
    }

    fn word(&self, word: Word) -> &AtomicU32 {
        &self.words[usize::from(word.0)]
    }

    fn address(&self, place: Place) -> u64 {
        /// A page that nothing may be done with.
        static NOWHERE: LazyLock<u64> = LazyLock::new(crate::pointers::unusable_page);
        match place {
            Place::Word(word) => self.word(word).as_ptr() as u64,
            Place::Misaligned(offset) => self.words[0].as_ptr() as u64 + u64::from(offset),
            Place::Nowhere => *NOWHERE,
            Place::Kernel => 0xffff_8880_0000_1000,
            Place::Null => 0,
        }
    }

    /// The value of a word, or of where there is none.
    fn value(&self, place: Place) -> u32 {
        match place {
            Place::Word(word) => self.word(word).load(SeqCst),
            _ => 0,
        }
    }

    /// Starts a thread, and waits until it sleeps.
    fn start(&mut self, word: Option<Word>, limit: Limit) {
        let report = Arc::new(Report {
            tid: AtomicI32::new(0),
            done: AtomicBool::new(false),
            result: AtomicI64::new(0),
            told: AtomicBool::new(false),
        });
        let time = |absolute| Given::new(Time { absolute, ns: LONG });
        let given = match limit {
            Limit::None => Given::None,
            Limit::For => time(false),
            Limit::Until => time(true),
        };
        let word = word.map(Place::Word);
        let word = word.map(|place| (self.address(place), self.value(place)));
        let (calls, theirs) = (self.calls, Arc::clone(&report));
        // The words are there for as long as a thread may wait for one.
        let words = Arc::clone(&self.words);
        let thread = thread::spawn(move || {
            theirs.tid.store(gettid().as_raw_nonzero().get(), SeqCst);
            let result = match word {
                Some((address, expected)) => calls.wait(address, expected, given),
                None => {
                    let (result, left) = calls.sleep(given);
                    theirs.told.store(left > 0 && left < LONG, SeqCst);
                    result
                }
            };
            theirs.result.store(result, SeqCst);
            theirs.done.store(true, SeqCst);
            drop(words);
        });
        let sleeper = Sleeper {
            thread,
            report,
            known: false,
        };
        sleeper.settle();
        self.sleepers.push(sleeper);
    }

    /// Sends a signal to one of those that are not back, and waits until it has been handled.
    fn signal(&mut self, thread: u32, restart: bool) -> String {
        let away: Vec<&Sleeper> = self.sleepers.iter().filter(|s| !s.is_done()).collect();
        let Some(sleeper) = (thread as usize)
            .checked_rem(away.len())
            .map(|thread| away[thread])
        else {
            return "nobody".into();
        };
        let before = HANDLED.load(SeqCst);
        let tid = sleeper.report.tid.load(SeqCst);
        // SAFETY: The thread is one of ours, which has a handler for it.
        let status =
            unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), tid, signal(restart)) };
        assert_eq!(status, 0, "a thread that sleeps is not there");
        let start = Instant::now();
        while HANDLED.load(SeqCst) == before {
            assert!(start.elapsed() < PATIENCE, "a signal is not handled");
            thread::yield_now();
        }
        sleeper.settle();
        if !sleeper.is_done() {
            RESTARTS.fetch_add(1, SeqCst);
        }
        "sent".into()
    }

    /// Who has come back that was not known to. Those that were woken are waited for.
    fn news(&mut self, woken: i64) -> String {
        let start = Instant::now();
        let fresh = |sleeper: &&mut Sleeper| !sleeper.known && sleeper.is_done();
        while (self.sleepers.iter_mut().filter(fresh).count() as i64) < woken {
            if start.elapsed() > PATIENCE {
                return ", but they do not come back".into();
            }
            thread::yield_now();
        }
        let mut text = String::new();
        for (number, sleeper) in self.sleepers.iter_mut().enumerate() {
            if sleeper.known || !sleeper.is_done() {
                continue;
            }
            sleeper.known = true;
            let result = told(sleeper.report.result.load(SeqCst));
            let rest = sleeper.report.told.load(SeqCst);
            let rest = if rest { " and what remains" } else { "" };
            text += &format!("; thread {number} got {result}{rest}");
        }
        text
    }
}

impl World for Threads {
    type Step = Step;
    type Outcome = String;

    /// What was started is ended first, for a difference leaves it behind.
    fn reset(&mut self) {
        self.rest();
        self.words = Arc::default();
    }

    fn take(&mut self, step: &Step) -> String {
        let mut woken = 0;
        let seen = match *step {
            Step::Sleep { time } => {
                let (start, given) = (clock(), Given::new(time));
                let (result, _) = self.calls.sleep(given);
                let too_short = result == 0 && clock() - start < time.ns;
                told(result) + if too_short { ", too soon" } else { "" }
            }
            Step::SleepByBadTime { time } => {
                told(self.calls.sleep(Given::Address(self.address(time))).0)
            }
            Step::Wait { at, same, time } => {
                let expected = self.value(at).wrapping_add(u32::from(!same));
                let (start, given) = (clock(), Given::new(time));
                let result = self.calls.wait(self.address(at), expected, given);
                let timed_out = result == -i64::from(libc::ETIMEDOUT);
                let too_soon = timed_out && clock() - start < time.ns;
                told(result) + if too_soon { ", too soon" } else { "" }
            }
            Step::WaitByBadTime { word, time } => {
                let (place, time) = (Place::Word(word), Given::Address(self.address(time)));
                let (address, expected) = (self.address(place), self.value(place));
                told(self.calls.wait(address, expected, time))
            }
            Step::Wake { at, count } => {
                let result = self.calls.wake(self.address(at), count);
                woken = result.max(0);
                told(result.min(0)) + &format!(", {woken} woken")
            }
            Step::Change { word } => {
                self.word(word).fetch_add(1, SeqCst);
                String::new()
            }
            Step::StartWait { word, limit } => {
                self.start(Some(word), limit);
                String::new()
            }
            Step::StartSleep { limit } => {
                self.start(None, limit);
                String::new()
            }
            Step::Signal { thread, restart } => self.signal(thread, restart),
        };
        seen + &self.news(woken)
    }

    /// Wakes all, and ends what sleeps; gives what was seen.
    fn rest(&mut self) -> String {
        let mut text = String::new();
        for word in 0..WORDS {
            text += &self.take(&Step::Wake {
                at: Place::Word(Word(word)),
                count: i32::MAX as u32,
            });
        }
        while self.sleepers.iter().any(|sleeper| !sleeper.is_done()) {
            text += &self.take(&Step::Signal {
                thread: 0,
                restart: false,
            });
        }
        for sleeper in self.sleepers.drain(..) {
            sleeper.thread.join().expect("a thread does not panic");
        }
        text
    }
}

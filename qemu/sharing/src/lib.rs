// SPDX-License-Identifier: GPL-2.0

//! A plugin of QEMU that tells which cache lines calls on two CPUs share.
//!
//! What two CPUs do in the time of one depends on the host, and on a busy one it tells of nothing
//! else. What makes calls get in each other's way does not: memory that one of them writes to and
//! the other one touches. An emulator sees each access to memory, so this tells all of that, and
//! the same on any host.
//!
//! A program in the guest (`userspace-test/c/sharing.c`) says by an instruction that does nothing
//! where a call begins and ends, on each of two CPUs, one after the other, and by another one that
//! it wants to know. The answer is written to a file, `memory=FILE`, that the guest has as memory
//! (QEMU's `ivshmem-plain`), in words of 64 bits in the order of the CPU:
//!
//! | word | what it is |
//! |---|---|
//! | 0 | how many answers there have been: written last |
//! | 1 | how many lines are shared |
//! | 2, 3 | how many calls there were on each CPU |
//! | 4, 5 | how many of them are typical: they make the same number of accesses |
//! | 6, 7 | that number |
//! | 8 on | for each line five: its address; for each CPU whether it writes, and the instruction |

mod calls;

use anyhow::{
    Context,
    Result,
    anyhow, //
};
use calls::{
    Call,
    Typical, //
};
use qemu_plugin::{
    MemRW, MemoryInfo, PluginId, TranslationBlock,
    install::{
        Args,
        Info,
        Value, //
    },
    plugin::{
        HasCallbacks,
        PLUGIN,
        Plugin,
        Register, //
    },
};
use std::{
    array,
    fs::File,
    mem,
    os::unix::fs::FileExt,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{
            AtomicBool,
            Ordering::Relaxed, //
        },
    }, //
};

/// How many CPUs are compared.
const CPUS: usize = 2;

/// How many lines are told at most.
const LINES_MAX: usize = 1000;

/// A `nopl` with a displacement that says something: what the guest's program executes.
const fn mark(word: [u8; 4]) -> [u8; 7] {
    let [a, b, c, d] = word;
    [0x0f, 0x1f, 0x80, a, b, c, d]
}

/// A call begins.
const BEGIN: [u8; 7] = mark(*b"CALL");

/// A call has ended.
const END: [u8; 7] = mark(*b"DONE");

/// What the calls share is asked for.
const ASK: [u8; 7] = mark(*b"TELL");

/// What is known of a CPU.
struct Cpu {
    /// A call has begun and not ended.
    in_call: AtomicBool,
    calls: Mutex<Vec<Call>>,
}

/// Of each CPU. What runs on one is noted by one thread of QEMU's.
static STATE: [Cpu; CPUS] = [const {
    Cpu {
        in_call: AtomicBool::new(false),
        calls: Mutex::new(Vec::new()),
    }
}; CPUS];

/// Where answers go, and how many there were.
static ANSWERS: OnceLock<Mutex<(File, u64)>> = OnceLock::new();

/// Takes a lock. A thread that has panicked has ended QEMU.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is known of a CPU that calls are compared of.
fn state(cpu: u32) -> Option<&'static Cpu> {
    STATE.get(cpu as usize)
}

fn begin(cpu: u32) {
    if let Some(state) = state(cpu) {
        lock(&state.calls).push(Call::default());
        // ORDERING: Looked at by the thread that this is.
        state.in_call.store(true, Relaxed);
    }
}

fn end(cpu: u32) {
    if let Some(state) = state(cpu) {
        state.in_call.store(false, Relaxed);
    }
}

fn note(cpu: u32, info: &MemoryInfo<'_>, address: u64, by: u64) {
    // Nearly all that runs is no call.
    let Some(state) = state(cpu).filter(|state| state.in_call.load(Relaxed)) else {
        return;
    };
    // A device's registers are no memory.
    let Some(place) = info.hwaddr(address).filter(|place| !place.is_io()) else {
        return;
    };
    if let Some(call) = lock(&state.calls).last_mut() {
        call.note(place.hwaddr(), info.is_store(), by);
    }
}

/// Answers, and forgets the calls.
fn answer() -> Result<()> {
    let calls: [_; CPUS] = array::from_fn(|cpu| mem::take(&mut *lock(&STATE[cpu].calls)));
    let [here, there] = calls.map(|calls| Typical::of(&calls));
    let mut shared = here.shared_with(&there);
    shared.truncate(LINES_MAX);
    let mut words = vec![shared.len() as u64];
    words.extend([here.calls, there.calls]);
    words.extend([here.typical, there.typical]);
    words.extend([here.accesses, there.accesses]);
    for (line, touches) in shared {
        words.push(line);
        words.extend(
            touches
                .iter()
                .flat_map(|touch| [touch.writes.into(), touch.by]),
        );
    }
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let mut answers = lock(ANSWERS.get().context("there is no memory")?);
    let (file, count) = &mut *answers;
    file.write_all_at(&bytes, 8)?;
    *count += 1;
    file.write_all_at(&count.to_ne_bytes(), 0)?;
    Ok(())
}

/// The plugin.
struct Sharing;

impl HasCallbacks for Sharing {
    fn on_translation_block_translate(
        &mut self,
        _: PluginId,
        block: TranslationBlock<'_>,
    ) -> Result<()> {
        for instruction in block.instructions() {
            let by = instruction.vaddr();
            if instruction.size() == BEGIN.len() {
                let data = instruction.data();
                if data == BEGIN {
                    instruction.register_execute_callback(begin);
                } else if data == END {
                    instruction.register_execute_callback(end);
                } else if data == ASK {
                    instruction.register_execute_callback(|_| {
                        if let Err(error) = answer() {
                            eprintln!("sharing: {error:#}");
                        }
                    });
                }
            }
            instruction.register_memory_access_callback(
                move |cpu, info, address| note(cpu, &info, address, by),
                MemRW::QEMU_PLUGIN_MEM_RW,
            );
        }
        Ok(())
    }
}

impl Register for Sharing {
    fn register(&mut self, _: PluginId, args: &Args, _: &Info) -> Result<()> {
        let Some(Value::String(path)) = args.parsed.get("memory") else {
            return Err(anyhow!("memory=FILE is missing"));
        };
        let file = File::options()
            .write(true)
            .open(path)
            .with_context(|| path.clone())?;
        ANSWERS
            .set(Mutex::new((file, 0)))
            .map_err(|_| anyhow!("it is there already"))
    }
}

impl Plugin for Sharing {}

/// QEMU asks for the plugin as soon as it has loaded this.
#[ctor::ctor]
fn offer() {
    // It is loaded once.
    let _ = PLUGIN.set(Mutex::new(Box::new(Sharing)));
}

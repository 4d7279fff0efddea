// SPDX-License-Identifier: GPL-2.0

//! An input as what it means: a sequence of operations on a few open files, some of them by two
//! threads or two processes at once.
//!
//! Each choice takes bytes of the input, and any bytes are a choice, so that libFuzzer can vary
//! them as it likes. Most choices are sensible: what is refused at the first check finds little
//! behind it.

use crate::abi::{Call, Kind};
use crate::arena::{self, Arena, TABLEAU};
use crate::door::{self, FileCall};
use crate::kcov;
use crate::partner::{Partner, take_all};
use crate::reader::Reader;
use crate::shared::{COUNTED_MAX, Door, Shared};
use crate::step::{FILES, Runner, Step};
use crate::uring::{Command, WIDE};
use sysdemo::ioctl::{BATCH, CALL, ENTER, INFO, LOG, RESTRICT, RING, TABLE};
use sysdemo::uapi;

/// How many operations an input may have: what is left of it then means nothing.
const OPERATIONS: usize = 24;
/// How many records are laid out for a batch; it may say that there are more.
const RECORDS: usize = 6;
/// How many words are laid out for a structure that is not known.
const STRUCTURE_WORDS: usize = 10;
/// How many calls a choice tells apart: more than there are, and always as many, so that an input
/// means the same when there is one more.
const CHOICES: usize = 64;
/// How many submissions are laid out for the rings.
const SUBMISSIONS: usize = 4;
/// Sizes of the structures that calls take. That of the largest is as good for the others, if what
/// they do not know is zero.
const SIZES: [u64; 8] = [16, 24, 32, 48, 56, 112, 112, 112];

/// Numbers at which something may change. The sizes of structures are small ones and come by
/// themselves.
const EDGES: [u64; 12] = [
    63,
    64,
    256,
    1024,
    4096,
    65536,
    1 << 31,
    u32::MAX as u64,
    1 << 32,
    i64::MAX as u64,
    1 << 63,
    u64::MAX,
];

/// What a record holds as its result before there is one.
const NO_RESULT: i64 = -1;

/// Of what paths are made.
const NAMES: [&[u8]; 8] = [b"a", b"b", b"c", FILE, b".", b"..", b"", b"a/b"];

/// A file that is there at the start of each input, unless something has come in its way.
const FILE: &[u8] = b"file";

/// What else may come to be there; the last is, as an empty directory.
const DIRECTORIES: [&[u8]; 3] = [b"a", b"b", DIRECTORY];
const DIRECTORY: &[u8] = b"c";

/// Why a directory is not removed.
const NOT_EMPTY: i64 = -(libc::ENOTEMPTY as i64);
const NO_DIRECTORY: i64 = -(libc::ENOTDIR as i64);

/// What files are opened with: each is a bit of a byte.
const OPEN_FLAGS: [i32; 8] = [
    libc::O_CREAT,
    libc::O_TRUNC,
    libc::O_APPEND,
    libc::O_EXCL,
    libc::O_DIRECTORY,
    libc::O_CREAT,
    libc::O_NOATIME,
    libc::O_NONBLOCK,
];

/// What inputs are run on.
pub(crate) struct Machine {
    /// Who takes the steps, in this thread.
    pub(crate) runner: Runner,
    /// The other thread.
    pub(crate) partner: Partner,
    /// The table.
    pub(crate) calls: Vec<Call>,
    /// The memory that is told of.
    pub(crate) arena: Arena,
    /// Where successes are counted.
    pub(crate) shared: Shared,
    /// The first number that files of inputs can have, once there was an input.
    pub(crate) first_file: Option<i32>,
}

impl Machine {
    /// Runs an input.
    pub(crate) fn run(&mut self, input: &[u8]) {
        self.arena.clear();
        // Not earlier: what libFuzzer has open, it has opened by now.
        let first_file = *self
            .first_file
            .get_or_insert_with(|| door::first_free().expect("there is room for files"));
        self.runner.open(0, libc::O_RDWR);
        let mut run = Run {
            input: Reader::new(input),
            machine: self,
            used: 0,
            pointed: None,
            word: 0,
            first_file,
        };
        run.make_tree();
        for _ in 0..OPERATIONS {
            if run.input.is_empty() {
                break;
            }
            run.operation();
        }
        self.runner.become_root();
        self.runner.close_all();
        // What calls have opened.
        door::close_from(first_file);
    }
}

/// An input that is being run.
struct Run<'a> {
    machine: &'a mut Machine,
    input: Reader<'a>,
    /// How much of the tableau has objects in it.
    used: u64,
    /// How large the structure is that the last argument points to, if that was one.
    pointed: Option<u64>,
    /// What the last bytes begin with that a call is to read.
    word: u32,
    /// The first number that files of this input have.
    first_file: i32,
}

impl Run<'_> {
    /// Makes the tree what it is at the start of each input: a file and an empty directory. What
    /// earlier inputs have left would let this one succeed only after them.
    ///
    /// The file is open, so that calls on files have one from the beginning.
    fn make_tree(&mut self) {
        for name in DIRECTORIES {
            self.remove(name);
        }
        let path = self.path_of(&[DIRECTORY]);
        self.make(uapi::SYSDEMO_NR_MKDIR, [path, 0o777, 0, 0]);

        let path = self.path_of(&[FILE]);
        let how = self.room(24);
        let words = [(libc::O_RDWR | libc::O_CREAT) as u64, 0o666, 0];
        self.machine
            .arena
            .write(how, &words.map(u64::to_le_bytes).concat());
        self.make(uapi::SYSDEMO_NR_OPEN, [path, how, 24, 0]);
    }

    /// Removes what has a name, with what it has in it, if that is not deep.
    fn remove(&mut self, name: &[u8]) {
        let path = self.path_of(&[name]);
        match self.make(uapi::SYSDEMO_NR_RMDIR, [path, 0, 0, 0]) {
            NOT_EMPTY => {
                for below in DIRECTORIES.into_iter().chain([FILE]) {
                    let path = self.path_of(&[name, b"/", below]);
                    self.make(uapi::SYSDEMO_NR_RMDIR, [path, 0, 0, 0]);
                    self.make(uapi::SYSDEMO_NR_UNLINK, [path, 0, 0, 0]);
                }
                self.make(uapi::SYSDEMO_NR_RMDIR, [path, 0, 0, 0]);
            }
            NO_DIRECTORY => {
                self.make(uapi::SYSDEMO_NR_UNLINK, [path, 0, 0, 0]);
            }
            _ => {}
        }
    }

    /// Lays out a path.
    fn path_of(&mut self, parts: &[&[u8]]) -> u64 {
        let path = [&parts.concat(), &b"\0"[..]].concat();
        let address = self.room(16);
        self.machine.arena.write(address, &path);
        address
    }

    /// Makes a call that is not the input's; gives its result.
    fn make(&mut self, nr: u32, arguments: [u64; 4]) -> i64 {
        let argument = self.room(size_of::<uapi::sysdemo_call>() as u64);
        let words = [&[u64::from(nr)][..], &arguments, &[0; 3]].concat();
        for (place, word) in (0_u64..).zip(words) {
            self.machine
                .arena
                .write(argument + place * 8, &word.to_le_bytes());
        }
        self.machine.runner.take(&Step::Ioctl {
            choice: 0,
            command: CALL,
            argument,
            call: None,
        });
        self.machine.arena.word(argument + 7 * 8).unwrap_or(0) as i64
    }

    fn operation(&mut self) {
        let operation = self.input.below(16);
        if operation == 13 {
            self.together();
            return;
        }
        for step in self.steps(operation) {
            let status = self.machine.runner.take(&step);
            self.count(&step, status == 0);
            if let Some(door) = went_through(&step, status) {
                self.machine.shared.count(door.number(), true);
                kcov::succeeded(door.number());
            }
        }
    }

    /// Lays out an operation; gives the steps that it takes.
    fn steps(&mut self, operation: usize) -> Vec<Step> {
        let step = match operation {
            0..=3 => self.call(),
            4 => return self.door(),
            5 => self.log(),
            6 => self.file(),
            7 => self.batch(),
            8 => self.table(),
            9 => self.info(),
            10 => self.restrict(),
            11 => self.anything(),
            12 => self.open_or_close(),
            // Only where two work at once.
            13 => self.write(),
            14 => Step::ChangeUser,
            // By a file that is opened for it.
            _ => return vec![Step::Open(FILES - 1, libc::O_RDWR), self.call()],
        };
        vec![step]
    }

    /// Lays out a few operations, and takes their steps at once: this thread some of them, the
    /// others another thread or a child process.
    ///
    /// Who takes which is the input's choice, and all of memory is laid out before. In which order
    /// they then come to the kernel is not, so that they are taken a few times.
    fn together(&mut self) {
        let choice = self.input.byte();
        let times = 1 << (choice % 4);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..2 + choice / 4 % 4 {
            let operation = self.input.byte();
            let steps = self.steps(usize::from(operation % 16));
            if operation < 128 {
                ours.extend(steps);
            } else {
                theirs.extend(steps);
            }
        }
        let machine = &mut *self.machine;
        if choice >= 240 {
            let child = door::fork(|| {
                machine.runner.leave_uring();
                take_all(&mut machine.runner, &theirs, times);
            });
            let child = child.expect("there is room for another process");
            take_all(&mut machine.runner, &ours, times);
            let ended_well = door::wait(child).expect("it is a child");
            assert!(ended_well, "the child was killed");
            // What became of its calls is in its own memory.
            theirs.clear();
        } else {
            theirs = machine
                .partner
                .together(&mut machine.runner, &ours, theirs, times);
        }
        for step in ours.iter().chain(&theirs) {
            self.count(step, true);
        }
    }

    /// Counts a call that was made; it has succeeded if the ioctl has, and its result is no error,
    /// or that the time is up that it was to wait.
    fn count(&self, step: &Step, has_succeeded: bool) {
        let Step::Ioctl {
            call: Some((call, result)),
            ..
        } = *step
        else {
            return;
        };
        let result = self.machine.arena.word(result);
        let done = |result| result >= 0 || result == -i64::from(libc::ETIMEDOUT);
        let succeeded = has_succeeded && result.is_some_and(|result| done(result as i64));
        self.machine.shared.count(call, succeeded);
        if succeeded {
            kcov::succeeded(call);
        }
    }

    /// An ioctl on one of the files, by either door.
    fn ioctl(&mut self, command: u32, argument: u64) -> Step {
        Step::Ioctl {
            choice: self.input.byte(),
            command,
            argument,
            call: None,
        }
    }

    /// Makes room for an object; gives its address.
    fn room(&mut self, size: u64) -> u64 {
        if self.used + size > TABLEAU {
            self.used = 0;
        }
        let at = arena::inside(self.used);
        self.used += size.next_multiple_of(8);
        at
    }

    /// An address for an object of that size: mostly a good one.
    fn address(&mut self, size: u64) -> u64 {
        let choice = self.input.byte();
        match choice {
            0..=167 => self.room(size),
            // Right up to what cannot be touched, and a bit over it.
            168..=183 => arena::before_end(size),
            184..=207 => arena::before_end(u64::from(self.input.byte())),
            208..=219 => arena::inside(self.input.short().into()),
            220..=227 => arena::read_only(self.input.short().into()),
            228..=231 => arena::before_end(0),
            // Where objects are, but not aligned.
            232..=239 => self.room(size + 8) + u64::from(choice % 8),
            240..=243 => self.input.byte().into(),
            // The kernel's own.
            244..=247 => 0xffff_8880_0000_0000 | u64::from(self.input.int()),
            248..=251 => 0xffff_ffff_8000_0000 | u64::from(self.input.int()),
            // About the end of what users have, and what no address may be.
            252 | 253 => (1 << 47) - 4096 + u64::from(self.input.short() % 8192),
            _ => arena::harmless(self.input.long()),
        }
    }

    /// Lays out an object; gives its address.
    fn object(&mut self, bytes: &[u8]) -> u64 {
        let address = self.address(bytes.len() as u64);
        self.machine.arena.write(address, bytes);
        address
    }

    /// A number: small, near to where something may change, a bit, or whatever.
    fn number(&mut self) -> u64 {
        let choice = self.input.byte();
        let number = match choice {
            0..=95 => self.input.byte().into(),
            96..=127 => u64::from(choice % 16),
            128..=159 => 1 << self.input.below(64),
            160..=191 => {
                let near = self.input.byte() as i8;
                EDGES[usize::from(choice) % EDGES.len()].wrapping_add_signed((near / 16).into())
            }
            192..=223 => self.input.short().into(),
            224..=231 => (self.input.byte() as i8 as i64) as u64,
            232..=239 => self.input.int().into(),
            240..=247 => self.address(64),
            _ => self.input.long(),
        };
        arena::harmless(number)
    }

    /// Bits: few, and mostly the lowest ones.
    fn flags(&mut self) -> u64 {
        let choice = self.input.byte();
        match choice {
            0..=63 => 0,
            64..=191 => u64::from(choice % 4),
            192..=223 => 1 << self.input.below(64),
            _ => self.number(),
        }
    }

    /// The words of a structure of which nothing is known: addresses, sizes, flags. As likely as
    /// not it has the size of some structure, and is mostly zero.
    fn structure(&mut self) -> Vec<u8> {
        let choice = self.input.byte();
        if choice < 128 {
            let size = SIZES[usize::from(choice) % SIZES.len()];
            let mut bytes = vec![0; size as usize];
            let word = self.number().to_le_bytes();
            let place = self.input.below(bytes.len() / 8) * 8;
            if choice % 4 == 0 {
                bytes[place..place + 8].copy_from_slice(&word);
            }
            return bytes;
        }
        let count = self.input.below(STRUCTURE_WORDS + 1);
        let mut bytes = Vec::with_capacity(count * 8);
        for _ in 0..count {
            let word = match self.input.byte() {
                0..=79 => self.address(64),
                80..=159 => 0,
                160..=191 => self.flags(),
                _ => self.number(),
            };
            bytes.extend(word.to_le_bytes());
        }
        bytes
    }

    /// A path out of few names, so that they meet: or of any bytes.
    fn path(&mut self) -> Vec<u8> {
        let choice = self.input.byte();
        if choice >= 240 {
            let size = usize::from(self.input.byte());
            return self.input.bytes(size).to_vec();
        }
        // Mostly a name in the root: few directories come to be there.
        if choice < 128 {
            let name = NAMES[usize::from(choice) % NAMES.len()];
            return [name, b"\0"].concat();
        }
        let mut path = Vec::new();
        for _ in 0..=choice % 4 {
            let choice = self.input.byte();
            path.extend(NAMES[usize::from(choice) % NAMES.len()]);
            if choice < 192 {
                path.push(b'/');
            }
        }
        // Where it ends is the input's choice.
        if choice < 192 {
            path.pop();
        }
        path.push(0);
        path
    }

    /// How to open: the flags of most files, and a mode where there has to be one.
    fn how(&mut self) -> Vec<u8> {
        let choice = self.input.byte();
        let mut flags = u64::from(choice % 4);
        let bits = self.input.byte();
        for (bit, flag) in OPEN_FLAGS.iter().enumerate() {
            if bits & (1 << bit) != 0 {
                flags |= *flag as u64;
            }
        }
        if choice >= 224 {
            flags |= self.flags();
        }
        let mode = match choice {
            32..=63 => self.number(),
            _ if flags & libc::O_CREAT as u64 != 0 => u64::from(self.input.short() & 0o1777),
            _ => 0,
        };
        let resolve = match choice {
            64..=95 => self.flags(),
            96..=127 => 1 << self.input.below(6),
            _ => 0,
        };
        [flags, mode, resolve]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect()
    }

    /// The number of a file: mostly one that this input may have opened.
    fn number_of_file(&mut self) -> u64 {
        match self.input.byte() {
            // The one that is open from the beginning: the device has the number before it.
            0..=127 => self.first_file as u64 + 1,
            choice @ 128..=223 => self.first_file as u64 + u64::from(choice % 6),
            _ => self.number(),
        }
    }

    /// A system call on a file.
    fn file(&mut self) -> Step {
        let call = match self.input.byte() % 8 {
            0 | 1 => FileCall::Pread,
            2 | 3 => FileCall::Pwrite,
            4 => FileCall::Seek,
            5 | 6 => FileCall::Truncate,
            _ => FileCall::Stat,
        };
        // Never one of this program's own.
        let fd = self.first_file + i32::from(self.input.byte() % 6);
        let size = self.number();
        Step::File(call, fd, self.address(144), size, self.number())
    }

    /// A size: of the structure that the argument before it points to, or one that some structure
    /// has, or any number.
    fn size(&mut self, pointed: Option<u64>) -> u64 {
        match (pointed, self.input.byte()) {
            (Some(size), 0..=127) => size,
            (Some(_), choice @ 128..=207) => SIZES[usize::from(choice) % SIZES.len()],
            _ => self.number(),
        }
    }

    fn argument(&mut self, kind: Kind) -> u64 {
        let pointed = self.pointed.take();
        match kind {
            Kind::Path => {
                let path = self.path();
                self.object(&path)
            }
            Kind::How => {
                let how = self.how();
                self.pointed = Some(how.len() as u64);
                self.object(&how)
            }
            Kind::File => self.number_of_file(),
            Kind::Structure => {
                let bytes = self.structure();
                // What the call writes may be larger than what it was given.
                let address = self.address(bytes.len().max(128) as u64);
                self.machine.arena.write(address, &bytes);
                self.pointed = Some(bytes.len() as u64);
                address
            }
            Kind::Input => {
                let size = self.input.below(80);
                let bytes = self.input.bytes(size);
                self.word = bytes
                    .first_chunk()
                    .map_or(0, |word| u32::from_le_bytes(*word));
                self.object(bytes)
            }
            Kind::Output => self.address(128),
            Kind::Flags => self.flags(),
            Kind::Size => self.size(pointed),
            // As likely as not what is there.
            Kind::Expected => match self.input.byte() {
                0..=127 => self.word.into(),
                _ => self.number(),
            },
            Kind::Number => self.number(),
        }
    }

    /// A record of a call, and which one of the table's it is.
    fn record(&mut self) -> (Vec<u8>, Option<usize>) {
        let choice = self.input.byte();
        let known = match choice {
            0..=239 => Some(usize::from(choice) % CHOICES % self.machine.calls.len()),
            _ => None,
        };
        let (nr, kinds) = match known {
            Some(call) => {
                let call = &self.machine.calls[call];
                (call.nr, call.kinds.clone())
            }
            // A hole, the first number after the last, or any.
            None if choice < 252 => (self.input.byte().into(), vec![]),
            None => (self.input.int(), vec![]),
        };
        let flags = match self.input.byte() {
            0..=247 => 0,
            _ => self.input.int(),
        };
        let mut bytes = Vec::with_capacity(size_of::<uapi::sysdemo_call>());
        bytes.extend(nr.to_le_bytes());
        bytes.extend(flags.to_le_bytes());
        for place in 0..uapi::SYSDEMO_ARGS_MAX as usize {
            let argument = match kinds.get(place) {
                Some(kind) => self.argument(*kind),
                None => 0,
            };
            bytes.extend(argument.to_le_bytes());
        }
        // No result of a call that is tried: one is there if the ioctl has written it.
        bytes.extend(NO_RESULT.to_le_bytes());
        (bytes, known)
    }

    fn call(&mut self) -> Step {
        let (record, known) = self.record();
        let address = self.object(&record);
        let result = address.wrapping_add(record.len() as u64 - 8);
        Step::Ioctl {
            choice: self.input.byte(),
            command: CALL,
            argument: address,
            call: known
                .filter(|call| *call < COUNTED_MAX)
                .map(|call| (call, result)),
        }
    }

    fn batch(&mut self) -> Step {
        let count = self.input.below(RECORDS + 1);
        let mut records = Vec::new();
        for _ in 0..count {
            records.extend(self.record().0);
        }
        let address = self.object(&records);
        let said = match self.input.byte() {
            0..=223 => count as u32,
            // More than there are: what follows is zero, or ends.
            _ => self.number() as u32,
        };
        let mut bytes = address.to_le_bytes().to_vec();
        bytes.extend(said.to_le_bytes());
        bytes.extend((self.flags() as u32).to_le_bytes());
        bytes.extend([0; 8]);
        let address = self.object(&bytes);
        self.ioctl(BATCH, address)
    }

    fn table(&mut self) -> Step {
        let nr = self.number() as u32;
        let size = size_of::<uapi::sysdemo_table>() as u64;
        let address = self.address(size);
        self.machine.arena.write(address, &nr.to_le_bytes());
        self.ioctl(TABLE, address)
    }

    fn info(&mut self) -> Step {
        // The size is a part of the command's number.
        let command = match self.input.byte() {
            0..=127 => INFO,
            _ => (INFO & !(0x3fff << 16)) | (u32::from(self.input.short() & 0x3fff) << 16),
        };
        let address = self.address(u64::from((command >> 16) & 0x3fff));
        self.ioctl(command, address)
    }

    fn restrict(&mut self) -> Step {
        let mut bytes = Vec::new();
        for _ in 0..uapi::SYSDEMO_RESTRICT_WORDS {
            let word = match self.input.byte() {
                0..=127 => u64::MAX,
                _ => self.input.short().into(),
            };
            bytes.extend(word.to_le_bytes());
        }
        let address = self.object(&bytes);
        self.ioctl(RESTRICT, address)
    }

    /// The log: switched on or off, read, or asked whether it can be.
    fn log(&mut self) -> Step {
        let choice = self.input.byte();
        match choice % 4 {
            0 | 1 => {
                let flags = match self.input.byte() {
                    switch @ 0..=223 => u32::from(switch % 3),
                    _ => self.flags() as u32,
                };
                let capacity = match flags {
                    uapi::SYSDEMO_LOG_ON => self.number() as u32 % 160,
                    _ => u32::from(choice >= 250),
                };
                let mut bytes = flags.to_le_bytes().to_vec();
                bytes.extend(capacity.to_le_bytes());
                bytes.extend([0; 16]);
                let address = self.object(&bytes);
                self.ioctl(LOG, address)
            }
            2 => Step::Poll(self.input.byte()),
            _ => {
                let size = u64::from(self.input.byte());
                let address = self.address(size);
                Step::Read(self.input.byte(), address, size)
            }
        }
    }

    /// What is no ioctl alone.
    fn door(&mut self) -> Vec<Step> {
        match self.input.below(4) {
            0 | 1 => self.rings(),
            2 => vec![self.uring()],
            _ => vec![self.map()],
        }
    }

    /// The rings: made, mapped, filled, and entered.
    fn rings(&mut self) -> Vec<Step> {
        let choice = self.input.byte() % 128;
        let entries = match self.input.byte() {
            size @ 0..=223 => 1 << (size % 9),
            _ => self.number() as u32,
        };
        let mut bytes = entries.to_le_bytes().to_vec();
        bytes.extend((self.flags() as u32 & 1).to_le_bytes());
        bytes.extend([0; 24]);
        let argument = self.object(&bytes);
        let size = 64 + u64::from(entries % 1024) * 96;
        let mut steps = vec![
            Step::Ioctl {
                choice,
                command: RING,
                argument,
                call: None,
            },
            Step::Map(
                choice,
                uapi::SYSDEMO_MMAP_RING.into(),
                size.next_multiple_of(4096),
                libc::PROT_READ | libc::PROT_WRITE,
                true,
            ),
        ];
        let count = self.input.below(SUBMISSIONS + 1) as u64;
        for number in 0..count {
            let record = self.record().0;
            let words: Vec<u64> = record
                .chunks_exact(8)
                .map(|word| u64::from_le_bytes(word.try_into().expect("there are eight")))
                .collect();
            // The number and the flags, whatever comes back, and the registers.
            let words = [&words[..1], &[number], &words[1..7]].concat();
            for (place, word) in (0_u64..).zip(words) {
                let address = arena::window(64 + number * 64 + place * 8);
                steps.push(Step::Write(address, word));
            }
        }
        // So many more than there were, or whatever.
        let tail = match self.input.byte() {
            0..=191 => count,
            _ => self.number(),
        };
        steps.push(Step::Write(arena::window(0), tail << 32));
        if self.input.byte() >= 192 {
            steps.push(Step::Write(arena::window(8), self.number()));
        }
        let asked = match self.input.byte() {
            0..=191 => u64::from(u32::MAX),
            _ => self.number(),
        };
        steps.push(Step::Ioctl {
            choice,
            command: ENTER,
            argument: asked,
            call: None,
        });
        steps
    }

    /// A command by io_uring.
    fn uring(&mut self) -> Step {
        let choice = self.input.byte();
        let is_wide = choice % 2 == 1;
        let mut bytes = [0; WIDE];
        let op = match self.input.byte() {
            0..=191 => {
                let (record, _) = self.record();
                if is_wide {
                    bytes[..record.len()].copy_from_slice(&record);
                } else {
                    let address = self.object(&record);
                    bytes[..8].copy_from_slice(&address.to_le_bytes());
                }
                CALL
            }
            other => {
                let structure = self.structure();
                let address = self.object(&structure);
                bytes[..8].copy_from_slice(&address.to_le_bytes());
                [BATCH, TABLE, INFO, RESTRICT, LOG, RING, ENTER][usize::from(other) % 7]
            }
        };
        if self.input.byte() >= 240 {
            let place = self.input.below(WIDE);
            bytes[place] ^= self.input.byte();
        }
        // Some of that may have become another address.
        for word in bytes.chunks_exact_mut(8) {
            let number = u64::from_le_bytes(word.try_into().expect("there are eight"));
            word.copy_from_slice(&arena::harmless(number).to_le_bytes());
        }
        Step::Uring(
            self.input.byte(),
            Command {
                op,
                bytes,
                is_wide,
                is_async: choice >= 192,
            },
        )
    }

    /// What the device has at an offset, mapped.
    fn map(&mut self) -> Step {
        let choice = self.input.byte();
        let offset = match choice % 8 {
            0..=4 => uapi::SYSDEMO_MMAP_VVAR.into(),
            5 | 6 => uapi::SYSDEMO_MMAP_RING.into(),
            _ => self.number() / 4096 * 4096,
        };
        let size = match self.input.byte() {
            0..=191 => 4096,
            _ => self.number() % (1 << 20),
        };
        let protection = match self.input.byte() {
            0..=127 => libc::PROT_READ,
            other => i32::from(other % 8),
        };
        Step::Map(self.input.byte(), offset, size, protection, choice < 128)
    }

    /// A command that is nearly one of ours, or none at all.
    fn anything(&mut self) -> Step {
        let ours = [CALL, BATCH, TABLE, INFO, RESTRICT, LOG, RING, ENTER];
        let command = match self.input.byte() {
            choice @ 0..=191 => {
                ours[usize::from(choice) % ours.len()] ^ (1 << self.input.below(32))
            }
            _ => self.input.int(),
        };
        let bytes = self.structure();
        let address = self.object(&bytes);
        self.ioctl(command, address)
    }

    fn open_or_close(&mut self) -> Step {
        let choice = self.input.byte();
        let slot = usize::from(choice) % FILES;
        match choice / 64 {
            0 => Step::Close(slot),
            1 => Step::Open(slot, libc::O_RDONLY),
            2 => Step::Open(slot, libc::O_WRONLY | libc::O_NONBLOCK),
            _ => Step::Open(slot, libc::O_RDWR),
        }
    }

    /// A word of what has been laid out last becomes another one.
    fn write(&mut self) -> Step {
        let place = self.input.byte();
        let number = self.number();
        if place >= 192 {
            // Where rings may be: what they tell each other, and the first entries.
            return Step::Write(arena::window(u64::from(place % 64) * 8), number);
        }
        let back = u64::from(place) * 8;
        Step::Write(arena::inside(self.used.saturating_sub(back + 8)), number)
    }
}

/// The door that a step has gone through, if it has, by what came of it.
fn went_through(step: &Step, status: i64) -> Option<Door> {
    match *step {
        Step::Ioctl { command: CALL, .. } if status == 0 => Some(Door::Call),
        Step::Ioctl { command: BATCH, .. } if status == 0 => Some(Door::Batch),
        Step::Ioctl { command: ENTER, .. } if status > 0 => Some(Door::Ring),
        Step::Uring(_, Command { op: CALL, .. }) if status >= 0 => Some(Door::Uring),
        Step::Map(_, offset, ..) if status == 0 && offset == uapi::SYSDEMO_MMAP_VVAR.into() => {
            Some(Door::Page)
        }
        _ => None,
    }
}

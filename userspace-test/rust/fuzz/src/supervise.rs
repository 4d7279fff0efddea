// SPDX-License-Identifier: GPL-2.0

//! Starts the engine, keeps what it finds, and tells how it went.

use crate::abi;
use crate::shared::{COUNTED_MAX, Door, INPUT_MAX, Number, Shared};
use crate::{ENGINE, MINIMIZE, WHAT};
use std::collections::HashSet;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
use sysdemo::Device;

/// What the guest was given: inputs to begin with, and inputs to run as they are.
const CORPUS: &str = "/usr/lib/sysdemo/corpus";
const INPUT: &str = "/usr/lib/sysdemo/input";
/// Where the engine writes what it finds.
const FOUND: &str = "/tmp/fuzz";

/// How often a given input is run.
const TIMES: u32 = 20;

/// How long the last words of an engine may take to come.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// A result: whether it is well, and its name.
type Outcome = (bool, String);

/// What the environment asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    /// To run the given inputs.
    Inputs,
    /// To make a small corpus.
    Minimize,
    /// To fuzz for so many seconds.
    Fuzz(u32),
}

impl Task {
    fn from_environment() -> Result<Self, Box<dyn Error>> {
        let what = std::env::var(WHAT)?;
        if !files(INPUT).is_empty() {
            return Ok(Self::Inputs);
        }
        if what == MINIMIZE {
            return Ok(Self::Minimize);
        }
        match what.parse()? {
            0 => Err("there is no input".into()),
            seconds => Ok(Self::Fuzz(seconds)),
        }
    }

    /// How many results there are.
    fn plan(self) -> usize {
        match self {
            Self::Inputs | Self::Minimize => 3,
            Self::Fuzz(_) => 7,
        }
    }
}

/// The files of a folder, in order; none if it is not there.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// Starts the engine. What it says becomes diagnostic lines of KTAP, apart from that of each
/// single find; what is received when all was said is the end of a channel.
fn start(device: &str, arguments: &[String]) -> Result<(Child, Receiver<()>), Box<dyn Error>> {
    let mut engine = Command::new(std::env::current_exe()?)
        .args(arguments)
        .env(ENGINE, device)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let said = engine.stderr.take().ok_or("the engine is mute")?;
    let (all_said, end) = channel();
    thread::spawn(move || {
        for line in BufReader::new(said).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            if !line.contains("\tNEW ") && !line.contains("\tREDUCE ") {
                println!("# {line}");
            }
        }
        drop(all_said);
    });
    Ok((engine, end))
}

/// Keeps the finds that are new where the host can read them.
fn keep(shared: &Shared, kept: &mut HashSet<PathBuf>) {
    for path in files(FOUND) {
        if kept.contains(&path) {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // A file that is empty is one that is being written.
        match fs::read(&path) {
            Ok(contents) if !contents.is_empty() => {
                if !shared.keep(&format!("corpus/{name}"), &contents) {
                    println!("# no room for {name}");
                }
            }
            _ => continue,
        }
        kept.insert(path);
    }
}

/// The names of the calls of which something is not so.
fn lacking(shared: &Shared, calls: &[abi::Call], is_so: fn((u64, u64)) -> bool) -> Vec<String> {
    (calls.iter().enumerate())
        .filter(|(index, _)| *index >= COUNTED_MAX || !is_so(shared.counted(*index)))
        .map(|(_, call)| call.name.clone())
        .collect()
}

/// The figures, as JSON.
fn figures(shared: &Shared, calls: &[abi::Call], seconds: f64) -> Result<String, std::fmt::Error> {
    let executions = shared.get(Number::Finished);
    let mut json = String::from("{\n");
    writeln!(json, "  \"executions\": {executions},")?;
    writeln!(json, "  \"seconds\": {seconds:.1},")?;
    let speed = executions as f64 / seconds;
    writeln!(json, "  \"executions_per_second\": {speed:.1},")?;
    writeln!(json, "  \"edges\": {},", shared.get(Number::Edges))?;
    writeln!(json, "  \"places\": {},", shared.get(Number::Places))?;
    writeln!(json, "  \"corpus\": {},", files(CORPUS).len())?;
    writeln!(json, "  \"found\": {},", files(FOUND).len())?;
    writeln!(json, "  \"calls\": {{")?;
    for (index, call) in calls.iter().take(COUNTED_MAX).enumerate() {
        let (made, succeeded) = shared.counted(index);
        let comma = if index + 1 < calls.len() { "," } else { "" };
        let name = &call.name;
        writeln!(
            json,
            "    \"{name}\": {{\"made\": {made}, \"succeeded\": {succeeded}}}{comma}"
        )?;
    }
    writeln!(json, "  }},\n  \"doors\": {{")?;
    for (index, door) in Door::ALL.into_iter().enumerate() {
        let (_, succeeded) = shared.counted(door.number());
        let comma = if index + 1 < Door::ALL.len() { "," } else { "" };
        writeln!(json, "    \"{door:?}\": {succeeded}{comma}")?;
    }
    json.push_str("  }\n}\n");
    Ok(json)
}

/// Runs the engine to its end; gives the results.
fn fuzz(device: &str, task: Task) -> Result<Vec<Outcome>, Box<dyn Error>> {
    let shared = Shared::map()?;
    let calls = abi::calls(&Device::open(device)?)?;
    fs::create_dir_all(FOUND)?;

    let mut arguments: Vec<String> = [
        // A kernel that checks everything, emulated, may take long.
        "-timeout=60",
        "-rss_limit_mb=400",
        "-detect_leaks=0",
        "-reload=0",
        // A call takes some dozen bytes: longer inputs are to be tried soon.
        "-len_control=20",
        "-artifact_prefix=/tmp/",
        "-print_final_stats=1",
    ]
    .map(String::from)
    .into();
    arguments.push(format!("-max_len={}", INPUT_MAX.min(1024)));
    let folders = [FOUND, CORPUS]
        .into_iter()
        .filter(|f| Path::new(f).is_dir())
        .map(String::from);
    match task {
        Task::Inputs => {
            // Where threads race, not every time is alike.
            arguments.push(format!("-runs={TIMES}"));
            let inputs = files(INPUT);
            arguments.extend(inputs.iter().map(|path| path.display().to_string()));
        }
        Task::Minimize => {
            arguments.push("-set_cover_merge=1".into());
            arguments.extend(folders);
        }
        Task::Fuzz(seconds) => {
            arguments.push(format!("-max_total_time={seconds}"));
            arguments.extend(folders);
        }
    }

    let started = Instant::now();
    let (mut engine, end) = start(device, &arguments)?;
    let mut kept = HashSet::new();
    let status = loop {
        let ended = engine.try_wait()?;
        keep(&shared, &mut kept);
        if let Some(status) = ended {
            break status;
        }
        thread::sleep(Duration::from_millis(500));
    };
    let took = started.elapsed();
    // It may be that somebody else holds its standard error: a child that hangs.
    let _ = end.recv_timeout(LAST_WORDS);
    let json = figures(&shared, &calls, took.as_secs_f64())?;
    shared.keep("fuzz.json", json.as_bytes());
    for line in json.lines() {
        println!("# {line}");
    }

    println!("# the engine ended: {status}");
    let (started, finished) = (shared.get(Number::Started), shared.get(Number::Finished));
    let mut results = vec![
        (status.success(), "the engine ended well".into()),
        (
            started > 0 && started == finished,
            "every input came to its end".into(),
        ),
        (
            shared.get(Number::Edges) > 0,
            "the module's code was seen to run".into(),
        ),
    ];
    if let Task::Fuzz(seconds) = task {
        let seconds = Duration::from_secs(seconds.into());
        results.push((took >= seconds, format!("it took {seconds:?}")));
        // One that the corpus does not know is made from what the table says of it.
        // To be refused at the first check, however often, is not to be fuzzed.
        let made = lacking(&shared, &calls, |(made, _)| made > 0);
        let succeeded = lacking(&shared, &calls, |(_, succeeded)| succeeded > 0);
        for (lacking, what) in [(made, "was made"), (succeeded, "has succeeded")] {
            let (count, all) = (calls.len() - lacking.len(), calls.len());
            if !lacking.is_empty() {
                println!("# not so: {}", lacking.join(", "));
            }
            results.push((
                lacking.is_empty(),
                format!("every call {what}: {count} of {all}"),
            ));
        }
        let shut: Vec<_> = (Door::ALL.into_iter())
            .filter(|door| shared.counted(door.number()).1 == 0)
            .collect();
        if !shut.is_empty() {
            println!("# not so: {shut:?}");
        }
        results.push((shut.is_empty(), "every door was gone through".into()));
    }
    Ok(results)
}

/// Fuzzes a device as the environment says.
pub(crate) fn run(device: &str) -> ExitCode {
    let task = match Task::from_environment() {
        Ok(task) => task,
        Err(error) => {
            println!("KTAP version 1\n1..1\n# {WHAT}: {error}\nnot ok 1 task");
            return ExitCode::FAILURE;
        }
    };
    // What is said from here on belongs to the first result.
    println!("KTAP version 1\n1..{}", task.plan());
    let results = fuzz(device, task).unwrap_or_else(|error| {
        println!("# {error}");
        vec![(false, "fuzzing".into()); task.plan()]
    });
    for (number, (passed, name)) in results.iter().enumerate() {
        let word = if *passed { "ok" } else { "not ok" };
        println!("{word} {} {name}", number + 1);
    }
    ExitCode::from(u8::from(!results.iter().all(|(passed, _)| *passed)))
}

// SPDX-License-Identifier: GPL-2.0

//! The second thread: some steps of an input are taken by both at once.

use crate::door;
use crate::kcov::Recording;
use crate::step::{Runner, Step};
use std::error::Error;
use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::AcqRel, Ordering::Acquire};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// How often one looks whether the other is there before it lets others have the CPU.
const PATIENCE: u32 = 1000;

/// Where two threads meet. To be woken takes longer than the steps that are to be taken at once, so
/// they wait awake.
struct Meeting(AtomicU64);

impl Meeting {
    /// Waits for the other one to come to the meeting of that number, the first of which is 1.
    fn join(&self, number: u64) {
        self.0.fetch_add(1, AcqRel);
        let mut looks = 0_u32;
        while self.0.load(Acquire) < 2 * number {
            looks += 1;
            if looks % PATIENCE == 0 {
                thread::yield_now();
            }
            hint::spin_loop();
        }
    }
}

/// Steps to be taken, how often, and at which meeting.
struct Task(Vec<Step>, u32, u64);

/// The second thread, as the first one sees it.
pub(crate) struct Partner {
    tasks: Sender<Task>,
    done: Receiver<Vec<Step>>,
    meeting: Arc<Meeting>,
    meetings: u64,
}

/// Takes steps, again and again.
pub(crate) fn take_all(runner: &mut Runner, steps: &[Step], times: u32) {
    for _ in 0..times {
        for step in steps {
            runner.take(step);
        }
    }
}

impl Partner {
    /// Starts the thread; gives the record of what it runs in the kernel as well.
    pub(crate) fn start(mut runner: Runner) -> Result<(Self, Recording), Box<dyn Error>> {
        let (tasks, their_tasks) = channel();
        let (report, done) = channel();
        let (ready, recording) = channel();
        let meeting = Arc::new(Meeting(AtomicU64::new(0)));
        let their_meeting = Arc::clone(&meeting);
        thread::spawn(move || {
            // Where there is one CPU, they take turns.
            let _ = door::stay_on_cpu(1);
            let recording = door::interrupt_often().and_then(|()| Recording::start());
            if ready.send(recording).is_err() {
                return;
            }
            for Task(steps, times, meeting) in their_tasks {
                their_meeting.join(meeting);
                take_all(&mut runner, &steps, times);
                runner.become_root();
                if report.send(steps).is_err() {
                    return;
                }
            }
        });
        let partner = Self {
            tasks,
            done,
            meeting,
            meetings: 0,
        };
        Ok((partner, recording.recv()??))
    }

    /// Takes steps here while the other thread takes others; gives those back.
    pub(crate) fn together(
        &mut self,
        runner: &mut Runner,
        ours: &[Step],
        theirs: Vec<Step>,
        times: u32,
    ) -> Vec<Step> {
        self.meetings += 1;
        let gone = "the second thread lives as long as this one";
        self.tasks
            .send(Task(theirs, times, self.meetings))
            .expect(gone);
        self.meeting.join(self.meetings);
        take_all(runner, ours, times);
        self.done.recv().expect(gone)
    }
}

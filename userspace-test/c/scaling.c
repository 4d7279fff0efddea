// SPDX-License-Identifier: GPL-2.0
/*
 * scaling [DEVICE]: whether two threads, each with an open device of its own, get in each other's
 * way.
 *
 * What two CPUs do in the time of one is measured in short slices, which both begin at the same
 * moment: a slice counts as long as the slower of the two takes. The shortest slices are those in
 * which the host let both run all the time; there are some on a busy host as well. How many CPUs
 * that then are, a loop that uses nothing but registers tells, measured in turn with the others:
 * what follows is compared with it. A log asks for the time, which is one clock for all in some
 * machines, emulated ones above all: with the log on, calls are compared with calls after each of
 * which the program asks for the time itself.
 *
 * The calls of a batch come so close together that one word in memory which both write to shows.
 * That it does is measured too, with an open device that both share: its calls are counted.
 */
#include "libsysdemo.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"

#define CPUS 2

/* Slices of one way to measure, before it is another one's turn. */
#define SLICES 40
/* How long a slice is to be: shorter than what a host gives to somebody else. */
#define SLICE 1000000L
/* How often each has its turn, and for how many seconds more if the host is busy. */
#define TURNS 8
#define PATIENCE 90

/* Two CPUs at least do 1.9 times what one does. */
#define WANTED 1.9
/* Less than that of a loop, and there were no two CPUs. */
#define TWO_CPUS 1.8

/* Calls in a batch. */
#define CALLS 128

/* What a thread works with: its own, on cache lines of its own. */
struct worker {
	struct sysdemo_call calls[CALLS];
	struct sysdemo_batch batch;
	int fd, cpu;
	long start, end;
	pthread_t thread;
	/* So that no cache line has something of the next one's in it. */
	char apart[4096];
};

static struct worker workers[CPUS];

static const char *device;

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void loop(struct worker *worker)
{
	unsigned long value = worker->cpu;

	for (int i = 0; i < 1000; i++)
		asm volatile("imul $7, %0, %0\n\tinc %0" : "+r" (value));
}

static void call(struct worker *worker)
{
	ioctl(worker->fd, SYSDEMO_IOC_CALL, worker->calls);
}

static void batch(struct worker *worker)
{
	ioctl(worker->fd, SYSDEMO_IOC_BATCH, &worker->batch);
}

static void call_and_ask(struct worker *worker)
{
	call(worker);
	now();
}

static void batch_and_ask(struct worker *worker)
{
	batch(worker);
	for (int i = 0; i < CALLS; i++)
		now();
}

/* What is measured: see below. */
enum {
	LOOP, CALL, BATCH, CALL_AND_ASK, BATCH_AND_ASK, CALL_LOG, BATCH_LOG, BATCH_SHARED,
};

/**
 * struct way - something to be measured
 * @name: What the results call it.
 * @work: Does it once.
 * @log: The log is on.
 * @share: Both threads use one open device.
 * @than: What it is compared with.
 * @judged: Two threads have to do as much more as there, or with @share to do less.
 * @count: How often it is done in a slice.
 * @best: The shortest slice of one thread, and of two.
 */
static struct way {
	const char *name;
	void (*work)(struct worker *worker);
	bool log, share, judged;
	int than;
	int count;
	long best[CPUS];
} ways[] = {
	[LOOP] = { .name = "a loop in registers", .work = loop },
	[CALL] = { .name = "null by CALL", .work = call, .judged = true },
	[BATCH] = { .name = "null by BATCH", .work = batch, .judged = true },
	[CALL_AND_ASK] = { .name = "null by CALL, and the time", .work = call_and_ask },
	[BATCH_AND_ASK] = { .name = "null by BATCH, and the time", .work = batch_and_ask },
	[CALL_LOG] = {
		.name = "null by CALL, log on", .work = call, .log = true,
		.than = CALL_AND_ASK, .judged = true,
	},
	[BATCH_LOG] = {
		.name = "null by BATCH, log on", .work = batch, .log = true,
		.than = BATCH_AND_ASK, .judged = true,
	},
	[BATCH_SHARED] = {
		.name = "null by BATCH, one open device for both", .work = batch,
		.share = true, .judged = true,
	},
};

/* Those of them that are judged. */
#define JUDGED 5

/* What is measured just now: by how many threads, and how many of them have come to the start. */
static struct way *way;
static int threads;
static atomic_uint arrived;

/* Waits for the others; awake, for to be woken takes longer than it may. */
static void meet(unsigned int meeting)
{
	atomic_fetch_add(&arrived, 1);
	while (atomic_load(&arrived) < meeting * threads)
		;
}

static long slices[SLICES];

static void *measure_slices(void *arg)
{
	struct worker *worker = arg;
	unsigned int meeting = 0;
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(worker->cpu, &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu))
		ksft_exit_fail_perror("sched_setaffinity");
	for (int i = 0; i < SLICES; i++) {
		meet(++meeting);
		worker->start = now();
		for (int j = 0; j < way->count; j++)
			way->work(worker);
		worker->end = now();
		meet(++meeting);
		if (worker == workers) {
			long start = worker->start, end = worker->end;

			for (int j = 1; j < threads; j++) {
				start = workers[j].start < start ? workers[j].start : start;
				end = workers[j].end > end ? workers[j].end : end;
			}
			slices[i] = end - start;
		}
	}
	return NULL;
}

/* One turn of one way: gives the shortest slice. */
static long turn(struct way *what, int by)
{
	long best = 0;

	way = what;
	threads = by;
	atomic_store(&arrived, 0);
	for (int i = 0; i < by; i++) {
		struct worker *worker = &workers[i];

		if (i && what->share)
			worker->fd = workers[0].fd;
		else
			worker->fd = sysdemo_open(device);
		if (worker->fd < 0 || (what->log && sysdemo_log(worker->fd, SYSDEMO_LOG_ON,
								SYSDEMO_LOG_CAPACITY_MAX, NULL)))
			ksft_exit_fail_perror("the device");
	}
	for (int i = 0; i < by; i++) {
		if (pthread_create(&workers[i].thread, NULL, measure_slices, &workers[i]))
			ksft_exit_fail_perror("pthread_create");
	}
	for (int i = 0; i < by; i++)
		pthread_join(workers[i].thread, NULL);
	for (int i = 0; i < by; i++) {
		if (!i || !what->share)
			close(workers[i].fd);
	}
	for (int i = 0; i < SLICES; i++) {
		if (!i || slices[i] < best)
			best = slices[i];
	}
	return best;
}

/* How much more two do than one. */
static double ratio(const struct way *what)
{
	return 2.0 * what->best[0] / what->best[1];
}

static void everybody_has_a_turn(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		for (int by = 1; by <= CPUS; by++) {
			long time = turn(&ways[i], by), *best = &ways[i].best[by - 1];

			if (!*best || time < *best)
				*best = time;
			/* For everybody else, who has no turn meanwhile. */
			usleep(2000);
		}
	}
}

/* How much of what it is compared with two threads do. */
static double part(const struct way *what)
{
	return ratio(what) / ratio(&ways[what->than]);
}

static bool are_two_cpus(void)
{
	return ratio(&ways[LOOP]) >= TWO_CPUS;
}

/*
 * Whether all is as it should be, so that no more has to be measured. A slice in which a thread had
 * to wait for the host is no proof of anything; one in which neither had to is.
 */
static bool is_fine(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (ways[i].judged && !ways[i].share && part(&ways[i]) < WANTED / 2)
			return false;
	}
	return are_two_cpus();
}

/* How often each thing is done, so that it takes a slice. */
static void calibrate(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		ways[i].count = 1;
		while (turn(&ways[i], 1) < SLICE / 2)
			ways[i].count *= 2;
	}
}

int main(int argc, char **argv)
{
	const struct sched_param first = { .sched_priority = 50 };
	bool two_cpus;
	int turns;
	long end;

	device = argc > 1 ? argv[1] : NULL;
	ksft_print_header();
	ksft_set_plan(1 + JUDGED);
	if (sysconf(_SC_NPROCESSORS_ONLN) < CPUS)
		ksft_exit_skip("there are no two CPUs\n");
	/* Threads inherit it. */
	if (sched_setscheduler(0, SCHED_FIFO, &first))
		ksft_exit_fail_perror("sched_setscheduler");
	for (int i = 0; i < CPUS; i++) {
		workers[i].cpu = i;
		workers[i].batch.calls = (uintptr_t)workers[i].calls;
		workers[i].batch.count = CALLS;
	}
	calibrate();
	end = now() + PATIENCE * 1000000000L;
	for (turns = 0; turns < TURNS || (!is_fine() && now() < end); turns++)
		everybody_has_a_turn();

	ksft_print_msg("%d turns of %d slices each\n", turns, SLICES);
	two_cpus = are_two_cpus();
	if (two_cpus)
		ksft_test_result_pass("there are two CPUs\n");
	else
		ksft_test_result_skip("there are two CPUs: the host is too busy\n");
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		ksft_print_msg("%s: two threads do %.3f times what one does, %.3f of %s\n",
			       ways[i].name, ratio(&ways[i]), part(&ways[i]),
			       ways[ways[i].than].name);
		if (!ways[i].judged)
			continue;
		if (!two_cpus)
			ksft_test_result_skip("%s\n", ways[i].name);
		else if (ways[i].share)
			ksft_test_result(part(&ways[i]) < WANTED / 2,
					 "%s: contention is seen\n", ways[i].name);
		else
			ksft_test_result(part(&ways[i]) >= WANTED / 2,
					 "%s: no contention\n", ways[i].name);
	}
	ksft_finished();
}

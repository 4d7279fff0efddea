// SPDX-License-Identifier: GPL-2.0
/*
 * scaling [DEVICE]: whether two threads, each with an open device of its own, get in each other's
 * way.
 *
 * What two CPUs do in the time of one is measured in short slices, which both begin at the same
 * moment: a slice counts as long as the slower of the two takes, and of a few the shortest is
 * taken, in which the host let both run. A loop that uses nothing but registers tells how many CPUs
 * that then are. It is measured in each round beside the calls, which are compared with it; what is
 * judged is the median of all rounds.
 *
 * Two threads of one core, say, or two CPUs that share a cache, are two for that loop and less for
 * a kernel, the more where it is emulated. So an ioctl of /dev/null, in which the module has no
 * part, has to do what is asked of the module's calls. On a host where it does not, or that has no
 * two CPUs for the loop either, nothing is judged.
 *
 * That the measure notices a lock is measured as well: by a call that takes one lock for all, that
 * of the module's label.
 *
 * Not judged are calls with the log on, as the log asks for the time: an emulated machine has one
 * clock, with a lock, for all its CPUs. Nor are calls by one open device for both, which are
 * counted in one word: where CPUs are emulated that costs little more than two words.
 */
#include "libsysdemo.h"

#include <fcntl.h>
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

/* Slices of one way to measure, before it is another one's turn, and how long one is to be. */
#define SLICES 8
#define SLICE 1000000L
/* How often each has its turn, at most and at least, and for how long. */
#define ROUNDS 31
#define ROUNDS_LEAST 5
#define TIME 10000000000L

/* Two CPUs at least do 1.9 times what one does: this part of what two CPUs are. */
#define WANTED 0.95
/* Less than that of a loop, and there were no two CPUs. */
#define TWO_CPUS 1.8

/* Calls in a batch. */
#define CALLS 128

/* What a thread works with: its own, on cache lines of its own. */
struct worker {
	struct sysdemo_call calls[CALLS], labels[CALLS];
	struct sysdemo_batch batch, label_batch;
	char label[SYSDEMO_LABEL_MAX + 1];
	int fd, null, cpu;
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

static void null_ioctl(struct worker *worker)
{
	ioctl(worker->null, SYSDEMO_IOC_CALL, worker->calls);
}

static void call(struct worker *worker)
{
	ioctl(worker->fd, SYSDEMO_IOC_CALL, worker->calls);
}

static void batch(struct worker *worker)
{
	ioctl(worker->fd, SYSDEMO_IOC_BATCH, &worker->batch);
}

static void label_batch(struct worker *worker)
{
	ioctl(worker->fd, SYSDEMO_IOC_BATCH, &worker->label_batch);
}

/* How a way to measure is judged. */
enum verdict { NOT_JUDGED, TELLS_OF_HOST, NO_CONTENTION, CONTENTION };

/**
 * struct way - something to be measured
 * @name: What the results call it.
 * @work: Does it once.
 * @log: The log is on.
 * @share: Both threads use one open device.
 * @verdict: What there has to be.
 * @count: How often it is done in a slice.
 * @ratios: How much more two threads do than one, in each round.
 * @parts: The same, divided by that of the loop.
 */
static struct way {
	const char *name;
	void (*work)(struct worker *worker);
	bool log, share;
	enum verdict verdict;
	int count;
	double ratios[ROUNDS], parts[ROUNDS];
} ways[] = {
	/* The first is what the others are compared with. */
	{ .name = "a loop in registers", .work = loop, .verdict = TELLS_OF_HOST },
	{ .name = "an ioctl of /dev/null", .work = null_ioctl, .verdict = TELLS_OF_HOST },
	{ .name = "null by CALL", .work = call, .verdict = NO_CONTENTION },
	{ .name = "null by BATCH", .work = batch, .verdict = NO_CONTENTION },
	{ .name = "get_label by BATCH, one lock", .work = label_batch, .verdict = CONTENTION },
	{ .name = "null by CALL, log on", .work = call, .log = true },
	{ .name = "null by BATCH, log on", .work = batch, .log = true },
	{ .name = "null by BATCH, one open device", .work = batch, .share = true },
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

static void one_round(int round)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		double one = turn(&ways[i], 1), two = turn(&ways[i], 2);

		ways[i].ratios[round] = 2 * one / two;
		ways[i].parts[round] = ways[i].ratios[round] / ways[0].ratios[round];
		/* For everybody else, who has no turn meanwhile. */
		usleep(1000);
	}
}

static int compare(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Sorts. */
static double median(double values[ROUNDS], int rounds)
{
	qsort(values, rounds, sizeof(*values), compare);
	return values[rounds / 2];
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
	int rounds = 0;
	bool two_cpus;
	long start;

	device = argc > 1 ? argv[1] : NULL;
	ksft_print_header();
	ksft_set_plan(JUDGED);
	if (sysconf(_SC_NPROCESSORS_ONLN) < CPUS)
		ksft_exit_skip("there are no two CPUs\n");
	/* Threads inherit it. */
	if (sched_setscheduler(0, SCHED_FIFO, &first))
		ksft_exit_fail_perror("sched_setscheduler");
	for (int i = 0; i < CPUS; i++) {
		struct worker *worker = &workers[i];

		worker->cpu = i;
		worker->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (worker->null < 0)
			ksft_exit_fail_perror("/dev/null");
		worker->batch.calls = (uintptr_t)worker->calls;
		worker->batch.count = CALLS;
		worker->label_batch.calls = (uintptr_t)worker->labels;
		worker->label_batch.count = CALLS;
		for (int j = 0; j < CALLS; j++) {
			worker->labels[j].nr = SYSDEMO_NR_GET_LABEL;
			worker->labels[j].args[0] = SYSDEMO_LABEL_MODULE;
			worker->labels[j].args[1] = (uintptr_t)worker->label;
			worker->labels[j].args[2] = sizeof(worker->label);
		}
	}
	calibrate();
	start = now();
	while (rounds < ROUNDS && now() - start < TIME)
		one_round(rounds++);

	ksft_print_msg("%d rounds in %.1f s\n", rounds, (now() - start) / 1e9);
	two_cpus = rounds >= ROUNDS_LEAST;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		double ratio = median(ways[i].ratios, rounds);
		double part = median(ways[i].parts, rounds);

		ksft_print_msg("%s: two threads do %.3f times what one does\n", ways[i].name,
			       ratio);
		ksft_print_msg("... %.3f of the loop, %.3f to %.3f in half of the rounds%s\n",
			       part, ways[i].parts[rounds / 4], ways[i].parts[3 * rounds / 4],
			       ways[i].verdict == NOT_JUDGED ? "; not judged" : "");
		if (ways[i].verdict == TELLS_OF_HOST) {
			/* The loop is all of itself. */
			if (part < WANTED || (!i && ratio < TWO_CPUS))
				two_cpus = false;
			if (two_cpus)
				ksft_test_result_pass("%s: there are two CPUs\n", ways[i].name);
			else
				ksft_test_result_skip("%s: the host has no two CPUs for it\n",
						      ways[i].name);
			continue;
		}
		if (ways[i].verdict == NOT_JUDGED)
			continue;
		if (!two_cpus)
			ksft_test_result_skip("%s\n", ways[i].name);
		else if (ways[i].verdict == CONTENTION)
			ksft_test_result(part < WANTED, "%s: contention is seen\n", ways[i].name);
		else
			ksft_test_result(part >= WANTED, "%s: no contention\n", ways[i].name);
	}
	ksft_finished();
}

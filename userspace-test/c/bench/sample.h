/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How something is measured: in samples of some turns each, of which the median counts.
 *
 * A sample is so short that the timer's interrupt falls into few of them. What is done before and
 * after the turns of a sample is not measured, so that a call can be made again and again that can
 * be made only once.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "bench/clock.h"
#include "bench/lines.h"

#include <stdlib.h>

/* The most samples, and how many are taken of what is exact. */
#define SAMPLES_MOST 501
#define SAMPLES_EXACT 11

/* Turns of a sample of what can be done as often as one likes, and of calls. */
#define MANY 1024
#define TURNS 32

/**
 * struct subject - something to be measured
 * @device: Name of the device; empty for what is the kernel's own.
 * @name: What is done.
 * @door: By which way the calls go in; empty for what is no call.
 * @traced: The tracepoints are on.
 * @depth: How many operations one turn makes.
 * @turns: How many turns a sample has.
 * @before: Prepares a sample. NULL, or what is wrong.
 * @turn: Does it once, for the time that its argument says.
 * @after: Looks at what came of a sample, and cleans up. NULL, or what is wrong.
 */
struct subject {
	const char *device, *name, *door;
	bool traced;
	unsigned int depth, turns;
	const char *(*before)(void);
	void (*turn)(unsigned int i);
	const char *(*after)(void);
};

struct figures {
	double low, quarter, median, three_quarters, high;
};

static int compare_figures(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Sorts. */
static inline struct figures figures_of(double *values, int count)
{
	qsort(values, count, sizeof(*values), compare_figures);
	return (struct figures) {
		.low = values[0], .quarter = values[count / 4], .median = values[count / 2],
		.three_quarters = values[3 * count / 4], .high = values[count - 1],
	};
}

/* What a sample takes, in time and in cycles. */
struct taken {
	double time, cycles;
};

/* What a sample takes that has no turns. */
static struct taken nothing_taken;

/* One sample. The turn is called by its address, so that the compiler does not know it. */
static __attribute__((noipa)) struct taken take_sample(void (*turn)(unsigned int i),
						       unsigned int turns)
{
	__u64 count = cycle_counter < 0 ? 0 : cycles(), start = now(), end;

	for (unsigned int i = 0; i < turns; i++)
		turn(i);
	end = now();
	return (struct taken) {
		.time = end - start, .cycles = cycle_counter < 0 ? 0 : cycles() - count,
	};
}

/* Learns what it takes to look at the clocks. */
static inline void calibrate(void)
{
	double times[SAMPLES_EXACT], counts[SAMPLES_EXACT];

	for (int i = 0; i < SAMPLES_EXACT; i++) {
		struct taken taken = take_sample(NULL, 0);

		times[i] = taken.time;
		counts[i] = taken.cycles;
	}
	nothing_taken.time = figures_of(times, SAMPLES_EXACT).median;
	nothing_taken.cycles = figures_of(counts, SAMPLES_EXACT).median;
}

static inline void say_figures(const struct subject *subject, const char *measure,
			       const struct figures *figures, int samples)
{
	begin_line("row", subject->name);
	say_text("device", subject->device);
	say_text("door", subject->door);
	say_number("depth", subject->depth);
	say_number("traced", subject->traced);
	say_text("unit", measure);
	say_number("median", figures->median);
	say_number("low", figures->low);
	say_number("quarter", figures->quarter);
	say_number("three_quarters", figures->three_quarters);
	say_number("high", figures->high);
	say_number("samples", samples);
	end_line();
}

/* Measures something and says what it takes. NULL, or what is wrong. */
static inline const char *measure(const struct subject *subject)
{
	const int samples = clock_counts ? SAMPLES_EXACT : SAMPLES_MOST;
	const double operations = (double)subject->turns * subject->depth;
	static double times[SAMPLES_MOST], counts[SAMPLES_MOST];
	struct figures figures;

	/* Those with a number below zero are to warm up. */
	for (int i = -(samples / 5); i < samples; i++) {
		const char *wrong = subject->before ? subject->before() : NULL;
		struct taken taken;

		if (wrong)
			return wrong;
		taken = take_sample(subject->turn, subject->turns);
		wrong = subject->after ? subject->after() : NULL;
		if (wrong)
			return wrong;
		if (i >= 0) {
			times[i] = (taken.time - nothing_taken.time) / operations;
			counts[i] = (taken.cycles - nothing_taken.cycles) / operations;
		}
	}
	figures = figures_of(times, samples);
	say_figures(subject, unit(), &figures, samples);
	if (cycle_counter >= 0) {
		figures = figures_of(counts, samples);
		say_figures(subject, "cycles", &figures, samples);
	}
	return NULL;
}

#endif /* SAMPLE_H */

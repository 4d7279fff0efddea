/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers that are the same for the same seed.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include "tests/tester.h"

/* A stream of numbers. Each thread and each child has its own. */
struct stream {
	__u64 state;
};

/* SplitMix64: every state is a good one, also that of neighbouring seeds. */
static inline __u64 random_next(struct stream *stream)
{
	__u64 z = stream->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* One of 0 to n - 1. */
static inline __u32 random_below(struct stream *stream, __u32 n)
{
	return (random_next(stream) >> 32) * n >> 32;
}

/* True once in n times. */
static inline bool random_once_in(struct stream *stream, __u32 n)
{
	return !random_below(stream, n);
}

#endif /* RANDOM_H */

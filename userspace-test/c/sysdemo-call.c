// SPDX-License-Identifier: GPL-2.0
/*
 * sysdemo-call [--device PATH | --fd NUMBER] CALL [REGISTER...]: makes one call from the shell.
 *
 * CALL is a name or a number; registers are numbers in C's notation. Prints what the call gives
 * back; the exit status is 1 if that is an error.
 */
#include "libsysdemo.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
	[SYSDEMO_NR_NULL] = "null",
	[SYSDEMO_NR_GETPID] = "getpid",
	[SYSDEMO_NR_GETTID] = "gettid",
	[SYSDEMO_NR_SUM6] = "sum6",
};

static __u64 number(const char *text)
{
	char *end;
	__u64 value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end) {
		fprintf(stderr, "sysdemo-call: %s: neither a call's name nor a number\n", text);
		exit(2);
	}
	return value;
}

static __u32 number_of_call(const char *text)
{
	for (__u32 nr = 0; nr < sizeof(names) / sizeof(names[0]); nr++) {
		if (names[nr] && !strcmp(names[nr], text))
			return nr;
	}
	return number(text);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "fd", required_argument, NULL, 'f' },
		{ }
	};
	const char *path = SYSDEMO_DEVICE;
	__u64 args[SYSDEMO_ARGS_MAX] = { 0 };
	int fd = -1, option;
	__s64 ret;

	/* A leading '+': a negative register is no option. */
	while ((option = getopt_long(argc, argv, "+d:f:", options, NULL)) != -1) {
		if (option == 'd')
			path = optarg;
		else if (option == 'f')
			fd = number(optarg);
		else
			return 2;
	}
	if (optind == argc || argc - optind > 1 + SYSDEMO_ARGS_MAX) {
		fprintf(stderr,
			"usage: sysdemo-call [--device PATH | --fd NUMBER] CALL [REGISTER...]\n");
		return 2;
	}
	for (int i = optind + 1; i < argc; i++)
		args[i - optind - 1] = number(argv[i]);

	if (fd < 0)
		fd = sysdemo_open(path);
	if (fd < 0) {
		perror(path);
		return 1;
	}
	if (sysdemo_call_raw(fd, number_of_call(argv[optind]), args, &ret) < 0) {
		perror("ioctl(SYSDEMO_IOC_CALL)");
		return 1;
	}
	if (ret < 0 && ret >= -4095)
		printf("%lld (%s)\n", (long long)ret, strerror(-ret));
	else
		printf("%lld\n", (long long)ret);
	return ret < 0 && ret >= -4095;
}

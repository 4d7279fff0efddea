// SPDX-License-Identifier: GPL-2.0
/*
 * sysdemo-call [--device PATH | --fd NUMBER] CALL [REGISTER...]: makes one call from the shell.
 *
 * CALL is a name or a number, or --list for a list of them; registers are numbers in C's notation.
 * Prints what the call gives back; the exit status is 1 if that is an error.
 */
#include "libsysdemo.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

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

/* The device itself knows the names. */
static __u32 number_of_call(int fd, const char *text)
{
	struct sysdemo_info info = { 0 };

	if (ioctl(fd, SYSDEMO_IOC_INFO, &info) < 0)
		return number(text);
	for (__u32 nr = 0; nr < info.calls; nr++) {
		struct sysdemo_table call = { .nr = nr };

		if (!ioctl(fd, SYSDEMO_IOC_TABLE, &call) && !strcmp(call.name, text))
			return nr;
	}
	return number(text);
}

/* Prints the table as a header would declare it. */
static int list(int fd)
{
	struct sysdemo_info info = { 0 };

	if (ioctl(fd, SYSDEMO_IOC_INFO, &info) < 0) {
		perror("ioctl(SYSDEMO_IOC_INFO)");
		return 1;
	}
	for (__u32 nr = 0; nr < info.calls; nr++) {
		struct sysdemo_table call = { .nr = nr };

		if (ioctl(fd, SYSDEMO_IOC_TABLE, &call) < 0)
			continue;
		printf("%2u %s(", nr, call.name);
		for (__u32 i = 0; i < call.count; i++) {
			const char *type = call.parameters[i].type;

			printf("%s%s%s%s", i ? ", " : "", type,
			       type[strlen(type) - 1] == '*' ? "" : " ", call.parameters[i].name);
		}
		printf(")\n");
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "fd", required_argument, NULL, 'f' },
		{ "list", no_argument, NULL, 'l' },
		{ }
	};
	const char *path = SYSDEMO_DEVICE;
	__u64 args[SYSDEMO_ARGS_MAX] = { 0 };
	int fd = -1, option, only_list = 0;
	__s64 ret;

	/* A leading '+': a negative register is no option. */
	while ((option = getopt_long(argc, argv, "+d:f:l", options, NULL)) != -1) {
		if (option == 'd')
			path = optarg;
		else if (option == 'f')
			fd = number(optarg);
		else if (option == 'l')
			only_list = 1;
		else
			return 2;
	}
	if ((only_list ? optind < argc : optind == argc) || argc - optind > 1 + SYSDEMO_ARGS_MAX) {
		fprintf(stderr,
			"usage: sysdemo-call [--device PATH | --fd NUMBER] --list | CALL [REGISTER...]\n");
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
	if (only_list)
		return list(fd);
	if (sysdemo_call_raw(fd, number_of_call(fd, argv[optind]), args, &ret) < 0) {
		perror("ioctl(SYSDEMO_IOC_CALL)");
		return 1;
	}
	if (ret < 0 && ret >= -4095)
		printf("%lld (%s)\n", (long long)ret, strerror(-ret));
	else
		printf("%lld\n", (long long)ret);
	return ret < 0 && ret >= -4095;
}

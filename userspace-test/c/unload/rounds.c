// SPDX-License-Identifier: GPL-2.0
/*
 * The module goes when nobody uses it, and not before; and it leaves nothing behind, however often.
 *
 * Run as `rounds [--rounds N] [harness options]`, when the module is not loaded.
 */
#include <limits.h>

#include "tests/sleeping.h"
#include "unload/module.h"
#include "unload/usage.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define THREADS 4

/* So many rounds before it is looked what there is: the first ones fill caches. */
#define WARM_UP 50

/*
 * Fewer rounds than that leave less than the noise. What they leave is not looked for then: the
 * guest that runs the tests makes a few, so that its kernel can notice something, and another one
 * enough.
 */
#define ENOUGH 500

static int rounds = 1000;

static double seconds(void)
{
	return (double)now() / SECOND;
}

FIXTURE(module) {
	int file;
};

FIXTURE_SETUP(module)
{
	self->file = open_module();
	ASSERT_LE(0, self->file);
	ASSERT_NE(0, access(SYSDEMO_DEVICE, F_OK))
		TH_LOG("the module is loaded");
	/* To load and unload is to wait for grace periods, most of the time. */
	ASSERT_EQ(0, write_file("/sys/kernel/rcu_expedited", "1"));
}

FIXTURE_TEARDOWN(module)
{
	write_file("/sys/kernel/rcu_expedited", "0");
	close(self->file);
}

/* Where the threads and who loads meet: before they use the device, while they do, and after. */
static pthread_barrier_t barrier;
static bool stop_rounds;

/* Who uses the device, and what was wrong with that. */
static struct user {
	pthread_t thread;
	const char *wrong;
} users[THREADS];

/* Opens the device and uses it in all ways; gives the descriptor. */
static int use(struct user *user)
{
	struct sysdemo_call calls[2] = { { .nr = SYSDEMO_NR_GETPID }, { .nr = SYSDEMO_NR_NULL } };
	int fd = sysdemo_open(NULL);
	struct sysdemo_log_record record;
	struct sysdemo_info info;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		user->wrong = "it cannot be opened";
	else if (sysdemo_log(fd, SYSDEMO_LOG_ON, 32, NULL))
		user->wrong = "there is no log";
	else if (sysdemo_getpid(fd) != getpid() || sysdemo_batch(fd, calls, 2, 0, NULL) != 2 ||
		 sysdemo_set_label(fd, SYSDEMO_LABEL_SESSION, "round"))
		user->wrong = "a call fails";
	else if (ioctl(fd, SYSDEMO_IOC_INFO, &info) || info.calls_made != 4)
		user->wrong = "it tells something else";
	else if (poll(&poll_fd, 1, 0) != 1 || sysdemo_read_log(fd, &record, 1) != 1 ||
		 record.ret != getpid())
		user->wrong = "the log is something else";
	return fd;
}

static void *use_each_round(void *arg)
{
	struct user *user = arg;

	for (;;) {
		int fd;

		pthread_barrier_wait(&barrier);
		if (stop_rounds)
			return NULL;
		fd = use(user);
		pthread_barrier_wait(&barrier);
		/* Here it is tried to unload it. */
		pthread_barrier_wait(&barrier);
		close(fd);
		pthread_barrier_wait(&barrier);
	}
}

/* What the parts of the rounds took, in seconds. */
static double loading, using, unloading;

/* A round; NULL, or what is wrong. */
static const char *one_round(int file)
{
	double start = seconds(), loaded, used;
	int in_use, error = load(file);

	if (error)
		return "it cannot be loaded";
	loaded = seconds();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	in_use = unload();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	used = seconds();
	error = unload();
	loading += loaded - start;
	using += used - loaded;
	unloading += seconds() - used;
	if (in_use != EWOULDBLOCK)
		return "it is unloaded while it is open, or that fails otherwise";
	/* Nobody has it open any more: there is nothing to wait for. */
	if (error)
		return "it cannot be unloaded";
	for (int i = 0; i < THREADS; i++) {
		if (users[i].wrong)
			return users[i].wrong;
	}
	return NULL;
}

/* What is freed after a grace period has to be: that takes seconds. */
#define SETTLE 6

TEST_F_TIMEOUT(module, rounds_leave_nothing, 600)
{
	static struct usage before, after;
	const char *wrong = NULL, *cache = "";
	bool is_judged = rounds >= ENOUGH;
	double start;
	long growth;
	int done;

	stop_rounds = false;
	ASSERT_EQ(0, pthread_barrier_init(&barrier, NULL, THREADS + 1));
	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&users[i].thread, NULL, use_each_round, &users[i]));
	for (int i = 0; is_judged && i < WARM_UP && !wrong; i++)
		wrong = one_round(self->file);
	ASSERT_EQ(NULL, wrong)
		TH_LOG("%s", wrong);
	if (is_judged) {
		sleep(SETTLE);
		ASSERT_EQ(0, take_usage(&before));
	}

	loading = 0;
	using = 0;
	unloading = 0;
	start = seconds();
	for (done = 0; done < rounds && !wrong; done++)
		wrong = one_round(self->file);
	ASSERT_EQ(NULL, wrong)
		TH_LOG("round %d: %s", done, wrong);
	start = seconds() - start;
	if (is_judged) {
		sleep(SETTLE);
		ASSERT_EQ(0, take_usage(&after));
	}
	stop_rounds = true;
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < THREADS; i++)
		pthread_join(users[i].thread, NULL);

	TH_LOG("%d rounds in %.1f s: to load %.1f, to use %.1f, to unload %.1f", rounds, start,
	       loading, using, unloading);
	if (!is_judged)
		return;
	growth = most_grown(&before, &after, &cache);
	TH_LOG("more than before: %ld objects in %s, %ld areas, %ld KiB for CPUs, %ld KiB free",
	       growth, cache, after.areas - before.areas, after.percpu - before.percpu,
	       after.available - before.available);
	/* One that is left each time, or each other time, is more than any noise. */
	EXPECT_GT(rounds / 2, growth)
		TH_LOG("%s", cache);
	EXPECT_GT(rounds / 4, after.areas - before.areas);
	/* Eight bytes for each CPU of two, each time. */
	EXPECT_GT(rounds * 16 / 1024 + 8, after.percpu - before.percpu);
	/* Half a page each time, and what goes up and down anyway. */
	EXPECT_LT(-2 * rounds - 1024, after.available - before.available);
}

/* How the device can be held. What is to be let go is in `fds`, a thread waits if there is one. */
struct hold {
	int fds[3];
	pthread_t thread;
	bool waits;
	pid_t child;
};

/* Who waits, as soon as it is about to. */
static atomic_int waiter;

static void *wait_in_read(void *arg)
{
	struct sysdemo_log_record record;

	atomic_store(&waiter, gettid());
	return (void *)(long)(sysdemo_read_log(*(int *)arg, &record, 1) < 0 ? errno : 0);
}

static void *wait_in_poll(void *arg)
{
	struct pollfd poll_fd = { .fd = *(int *)arg, .events = POLLIN };

	atomic_store(&waiter, gettid());
	if (poll(&poll_fd, 1, -1) < 0)
		return (void *)(long)errno;
	/* Before it looks for a signal it looks at the descriptor once more: that is closed. */
	return (void *)(long)(poll_fd.revents == POLLNVAL ? EINTR : 0);
}

static int hold_open(struct hold *hold)
{
	hold->fds[0] = sysdemo_open(NULL);
	return hold->fds[0] < 0;
}

static int hold_by_copy(struct hold *hold)
{
	int fd = sysdemo_open(NULL);

	hold->fds[0] = dup(fd);
	close(fd);
	return hold->fds[0] < 0;
}

static int hold_by_child(struct hold *hold)
{
	int fd = sysdemo_open(NULL);

	hold->child = fork();
	if (!hold->child) {
		pause();
		_exit(0);
	}
	close(fd);
	return hold->child < 0;
}

/* In a message that nobody has taken yet. */
static int hold_in_flight(struct hold *hold)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec byte = { control, 1 };
	struct msghdr message = {
		.msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fd = sysdemo_open(NULL), failed;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	failed = socketpair(AF_UNIX, SOCK_DGRAM, 0, hold->fds) ||
		 sendmsg(hold->fds[0], &message, 0) != 1;
	close(fd);
	return failed;
}

static int hold_with_epoll(struct hold *hold)
{
	struct epoll_event event = { .events = EPOLLIN };

	hold->fds[0] = epoll_create1(EPOLL_CLOEXEC);
	hold->fds[1] = sysdemo_open(NULL);
	return epoll_ctl(hold->fds[0], EPOLL_CTL_ADD, hold->fds[1], &event);
}

/* Somebody waits in a system call, on a descriptor that is closed meanwhile. */
static int hold_by_waiting(struct hold *hold, void *(*wait)(void *))
{
	static int fd;

	fd = sysdemo_open(NULL);
	hold->waits = true;
	atomic_store(&waiter, 0);
	if (sysdemo_log(fd, SYSDEMO_LOG_ON, 4, NULL) ||
	    pthread_create(&hold->thread, NULL, wait, &fd))
		return -1;
	while (!atomic_load(&waiter))
		pause_for(MILLISECOND);
	return is_asleep(waiter) ? close(fd) : -1;
}

static int hold_by_reading(struct hold *hold)
{
	return hold_by_waiting(hold, wait_in_read);
}

static int hold_by_polling(struct hold *hold)
{
	return hold_by_waiting(hold, wait_in_poll);
}

/* Lets go of it; 0 if that was as it should be. */
static int let_go(struct hold *hold)
{
	void *error = (void *)EINTR;

	if (hold->waits) {
		pthread_kill(hold->thread, SIGUSR1);
		pthread_join(hold->thread, &error);
	}
	if (hold->child) {
		kill(hold->child, SIGKILL);
		waitpid(hold->child, NULL, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(hold->fds); i++) {
		if (hold->fds[i] >= 0)
			close(hold->fds[i]);
	}
	return (long)error != EINTR;
}

static const struct {
	const char *name;
	int (*hold)(struct hold *hold);
} ways[] = {
	{ "open", hold_open },
	{ "a copy of the descriptor", hold_by_copy },
	{ "a child that has it", hold_by_child },
	{ "a message that has it", hold_in_flight },
	{ "open and in an epoll", hold_with_epoll },
	{ "a read that waits", hold_by_reading },
	{ "a poll that waits", hold_by_polling },
};

TEST_F_TIMEOUT(module, what_is_held_stays_and_what_is_let_go_goes, 300)
{
	ASSERT_EQ(0, handle(SIGUSR1, 0));
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct hold hold = { .fds = { -1, -1, -1 } };

		ASSERT_EQ(0, load(self->file));
		ASSERT_EQ(0, ways[i].hold(&hold))
			TH_LOG("%s", ways[i].name);
		for (int j = 0; j < 3; j++) {
			EXPECT_EQ(EWOULDBLOCK, unload())
				TH_LOG("%s", ways[i].name);
		}
		EXPECT_EQ(0, let_go(&hold))
			TH_LOG("%s", ways[i].name);
		ASSERT_EQ(0, unload())
			TH_LOG("%s", ways[i].name);
	}
}

/* An epoll that had the device, which was closed then, holds nothing. */
TEST_F_TIMEOUT(module, an_epoll_alone_does_not_hold_it, 300)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC), fd;

	ASSERT_EQ(0, load(self->file));
	fd = sysdemo_open(NULL);
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	close(fd);
	ASSERT_EQ(0, unload());
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 10));
	close(epoll);
}

/* How the attempts of four threads to open it ended, by error; 0 stands for success. */
static atomic_uint opens[256];
static atomic_bool stop;

static void *come_and_go(void *arg)
{
	while (!atomic_load(&stop)) {
		int fd = sysdemo_open(NULL);

		atomic_fetch_add(&opens[fd < 0 ? errno & 255 : 0], 1);
		if (fd < 0) {
			sched_yield();
			continue;
		}
		if (sysdemo_getpid(fd) != getpid())
			return "what is open cannot be used";
		close(fd);
		/* Somebody has to find it closed. */
		usleep(2000);
	}
	return arg;
}

#define ATTEMPTS 100

TEST_F_TIMEOUT(module, unloading_while_four_threads_come_and_go, 300)
{
	unsigned int unloaded = 0, refused = 0, other = 0;
	pthread_t threads[THREADS];
	void *wrong;

	ASSERT_EQ(0, load(self->file));
	atomic_store(&stop, false);
	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, come_and_go, NULL));
	for (int i = 0; i < ATTEMPTS / stride || ((!unloaded || !refused) && i < 100 * ATTEMPTS);
	     i++) {
		int error = unload();

		if (error) {
			refused += error == EWOULDBLOCK;
			other += error != EWOULDBLOCK;
			continue;
		}
		unloaded++;
		sched_yield();
		ASSERT_EQ(0, load(self->file));
	}
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &wrong);
		EXPECT_EQ(NULL, wrong)
			TH_LOG("%s", (char *)wrong);
	}
	ASSERT_EQ(0, unload());
	TH_LOG("unloaded %u times, refused %u times; opened %u times, not there %u times",
	       unloaded, refused, opens[0], opens[ENOENT] + opens[ENXIO] + opens[ENODEV]);
	EXPECT_LT(0, unloaded);
	EXPECT_LT(0, refused);
	EXPECT_EQ(0, other);
	EXPECT_LT(0, opens[0]);
	/* ENODEV: the name is still there, the device is just going. */
	for (int error = 1; error < 256; error++) {
		if (error != ENOENT && error != ENXIO && error != ENODEV)
			EXPECT_EQ(0, opens[error])
				TH_LOG("%s", strerror(error));
	}
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--rounds")) {
		rounds = atoi(argv[2]);
		argv[2] = argv[0];
		argv += 2;
		argc -= 2;
	}
	return test_harness_run(argc, argv);
}

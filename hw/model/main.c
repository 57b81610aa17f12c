// SPDX-License-Identifier: MIT
/*
 * mirage-gpu: a mirage GPU as a process of its own, one for each client. The
 * main thread is the transport thread. It ends when the client disconnects.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "device.h"
#include "options.h"
#include "server.h"
#include "transport.h"

/*
 * The client has taken away pages of a file that it gave as memory. There is no
 * access that could be made to fail instead, so the device dies.
 */
static void on_sigbus(int signal)
{
	static const char text[] =
		"mirage-gpu: the client has shrunk a file that it gave as memory\n";

	(void)signal;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(3);
	_exit(2);
}

int main(int argc, char **argv)
{
	struct sigaction sigbus = { .sa_handler = on_sigbus };
	struct options options;
	struct device *dev;
	int listener, socket, ret;

	options_parse(&options, argc, argv);
	if (options.log && log_open(options.log))
		log_fatal("--log %s: %s", options.log, strerror(errno));
	sigaction(SIGBUS, &sigbus, NULL);
	dev = device_create(options.vram_size);
	if (!dev)
		log_fatal("%llu bytes of video memory: %s",
			  (unsigned long long)options.vram_size, strerror(errno));
	for (unsigned int i = 0; i < options.nr_knobs; i++)
		if (regs_knob(&dev->regs, options.knobs[i].name, options.knobs[i].value))
			log_fatal("--knob %s: no such knob; mirage-gpu --help lists them",
				  options.knobs[i].name);
	if (options.check) {
		device_destroy(dev);
		return 0;
	}
	if (options.peers && peers_join(&dev->peers, options.peers))
		log_fatal("--peers %s: %s", options.peers, strerror(errno));
	listener = transport_listen(options.socket);
	if (listener < 0)
		log_fatal("%s: %s", options.socket, strerror(errno));
	do
		socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	while (socket < 0 && errno == EINTR);
	if (socket < 0)
		log_fatal("%s: %s", options.socket, strerror(errno));
	/* One client in all: the name has done its work. */
	close(listener);
	unlink(options.socket);
	log_info("client connected");
	ret = engine_start(dev);
	if (ret)
		log_fatal("cannot start the engine thread: %s", strerror(ret));
	ret = server_run(dev, socket);
	log_info("client disconnected");
	device_destroy(dev);
	close(socket);
	return ret ? 1 : 0;
}

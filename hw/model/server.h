/* SPDX-License-Identifier: MIT */
/* Execution of the client's messages. */
#ifndef MODEL_SERVER_H
#define MODEL_SERVER_H

struct device;

/**
 * server_run() - serve the client at @socket until it disconnects.
 *
 * Afterwards all its maps and interrupts are gone; the device keeps its state.
 * Returns 0, or -1 if the connection was ended because of a message that cannot be
 * understood (a reason is logged). Context: transport thread.
 */
int server_run(struct device *dev, int socket);

#endif /* MODEL_SERVER_H */

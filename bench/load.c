/* Many WebSocket players in one thread: the load for bench/run.py, which compiles it.
 *
 *     load DIALECT ACTIVITY GAME PORT CLIENTS PER_ROOM RATE WARMUP SECONDS FIRST
 *
 * Dialects, how one gets in:
 *   gamesrv: with a hello; who plays creates a room, as the first of it, or joins it.
 *   bare:    the handshake is all there is to say.
 * Activities, what is done then:
 *   idle:    nothing, until somebody ends the process.
 *   play:    commands that move, while updates come.
 *   echo:    commands that come back, and the time that it takes.
 *   storm:   as play, but after `start` everybody is expected to be thrown out. Each comes back with its token after
 *            a random part of a pause that doubles up to 3 s. `end` is when all have a seat again.
 *
 * RATE is commands a second per client, WARMUP and SECONDS are times, FIRST is added to the numbers in the names.
 *
 * Writes the words `ready`, `start` and `end` to stdout as it gets there (the caller looks at the server's CPU
 * time at `start` and `end`), then one line of JSON. All counts are of the window between `start` and `end`.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "players.h"

#define IN_FLIGHT 16           /* below the usual listen backlog of 50 */
#define SETUP_SECONDS 240
#define LOOK_EVERY (SECOND / 200) /* for those whose pause is over */

static double warmup, seconds;
static int poller;

/* ---- the socket ---- */

static void on_readable(struct client *c) {
    static uint8_t buffer[256 * 1024];
    ssize_t size = recv(c->fd, buffer, sizeof buffer, 0);
    if (size <= 0) {
        if (size == 0 || errno != EAGAIN) lose(c);
        return;
    }
    if (measuring) counts.bytes += (uint64_t)size;
    take(c, buffer, (size_t)size);
}

/* The key is the RFC's example and the answer is not checked: this is a load, not a test of the handshake. */
static void send_upgrade(struct client *c) {
    char request[512];
    int size = snprintf(request, sizeof request,
                        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Protocol: gamesrv.v1.json\r\n\r\n", port);
    send_all(c, request, (size_t)size);
}

static void open_client(struct client *c) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) die("client %d: %s", number_of(c), strerror(errno));
    c->state = CONNECTING;
    c->version = -1;
    c->since = 0;
    c->matched = c->code = 0;
    memset(&c->frame, 0, sizeof c->frame);
    counts.attempts += measuring;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) lose(c);
    else epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
}

static void on_connected(struct client *c) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    int problem = 0;
    socklen_t size = sizeof problem;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &problem, &size);
    if (problem) {
        lose(c);
        return;
    }
    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
    c->state = UPGRADING;
    send_upgrade(c);
}

static void come_back(void) {
    static uint64_t look_at;
    uint64_t t = now();
    if (!away || t < look_at) return;
    look_at = t + LOOK_EVERY;
    for (struct client *c = clients; c < clients + client_count; c++) {
        if (c->state != AWAY || c->retry_at > t) continue;
        away--;
        open_client(c);
    }
}

static void poll_sockets(int milliseconds) {
    struct epoll_event events[256];
    int count = epoll_wait(poller, events, 256, milliseconds);
    for (int i = 0; i < count; i++) {
        struct client *c = events[i].data.ptr;
        if (c->fd < 0) continue;
        if (c->state == CONNECTING) on_connected(c);
        else on_readable(c);
    }
}

/* ---- the run ---- */

static double own_cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void say(const char *word) {
    puts(word);
    fflush(stdout);
}

static void connect_all(void) {
    uint64_t deadline = now() + SETUP_SECONDS * SECOND;
    while (ready < client_count) {
        while (opened < client_count && opened - ready < IN_FLIGHT) open_client(&clients[opened++]);
        poll_sockets(100);
        if (now() > deadline) die("%d of %d ready after %d s", ready, opened, SETUP_SECONDS);
    }
}

/* Command n of all is due at begin + n / (clients * rate), and the clients take turns: evenly spread. */
static void play_until(uint64_t end) {
    static uint64_t begin, sent;
    double step = rate > 0 ? (double)SECOND / (client_count * rate) : 0;
    if (!begin) begin = now();
    for (uint64_t t = now(); t < end; t = now()) {
        uint64_t due;
        while (step > 0 && (due = begin + (uint64_t)((double)sent * step)) <= t) {
            struct client *c = &clients[sent++ % (uint64_t)client_count];
            if (measuring && t - due > counts.latest) counts.latest = t - due;
            if (c->state != PLAYING) continue;
            send_command(c);
            counts.commands += measuring;
        }
        come_back();
        poll_sockets(1);
    }
}

static void play_until_all_are_back(void) {
    uint64_t deadline = now() + SETUP_SECONDS * SECOND;
    while ((int)counts.returned + lost < client_count || ready + lost < client_count) {
        play_until(now() + SECOND / 100);
        if (now() > deadline) die("%d of %d back after %d s %s", ready, client_count, SETUP_SECONDS, complaint);
    }
}

static void measure(void) {
    double cpu = own_cpu();
    uint64_t begin = now();
    measuring = true;
    say("start");
    if (activity == STORM) play_until_all_are_back();
    else play_until(begin + (uint64_t)(seconds * SECOND));
    measuring = false;
    say("end");
    report(lost, (double)(now() - begin) / SECOND, own_cpu() - cpu, complaint);
}

static int find(const char *word, const char *const *words) {
    for (int i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0) return i;
    die("what is %s?", word);
    return 0;
}

static void read_arguments(int count, char **arguments) {
    static const char *const dialects[] = {[GAMESRV] = "gamesrv", [BARE] = "bare", NULL};
    static const char *const activities[] = {[IDLE] = "idle", [PLAY] = "play", [ECHO] = "echo", [STORM] = "storm", NULL};
    if (count != 11) die("load DIALECT ACTIVITY GAME PORT CLIENTS PER_ROOM RATE WARMUP SECONDS FIRST");
    dialect = (enum dialect)find(arguments[1], dialects);
    activity = (enum activity)find(arguments[2], activities);
    game = arguments[3];
    port = atoi(arguments[4]);
    client_count = atoi(arguments[5]);
    per_room = atoi(arguments[6]);
    rate = atof(arguments[7]);
    warmup = atof(arguments[8]);
    seconds = atof(arguments[9]);
    first = atoi(arguments[10]);
}

int main(int count, char **arguments) {
    read_arguments(count, arguments);
    clients = calloc((size_t)client_count, sizeof *clients);
    rooms = calloc((size_t)(client_count / per_room) + 1, sizeof *rooms);
    poller = epoll_create1(0);
    if (!clients || !rooms || poller < 0) die("no room for %d clients", client_count);
    connect_all();
    say("ready");
    if (activity == IDLE)
        for (;;) poll_sockets(-1);
    play_until(now() + (uint64_t)(warmup * SECOND));
    measure();
    return 0;
}

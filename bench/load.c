/* Many WebSocket players in one thread: the load for bench/run.py, which compiles it.
 *
 *     load MODE PORT CLIENTS PER_ROOM RATE WARMUP SECONDS FIRST
 *
 * arena: every client says hello; the first of each room creates it, the others join it.
 * plain: the handshake is all there is to say before the commands.
 * idle:  hello and nothing more, until somebody ends the process.
 *
 * RATE is commands a second per client, WARMUP and SECONDS are times, FIRST is added to the numbers in the names.
 *
 * Writes the words `ready`, `start` and `end` to stdout as it gets there (the caller looks at the server's CPU
 * time at `start` and `end`), then one line of JSON. All counts are of the window between `start` and `end`.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "frames.h"

#define SECOND 1000000000ull
#define IN_FLIGHT 16           /* below the usual listen backlog of 50 */
#define SETUP_SECONDS 120
#define BUCKET 100000ull       /* ns: periods are told to 0.1 ms */
#define BUCKETS 100000         /* up to 10 s */

enum mode { ARENA, PLAIN, IDLE };
enum state { UPGRADING, GREETING, WAITING, JOINING, PLAYING, LOST };

struct client {
    int fd;
    enum state state;
    int matched;               /* of the blank line that ends the answer to the upgrade */
    struct frame frame;
    uint64_t last_update;      /* ns, 0: none yet */
    long version;              /* of the view, -1: not known */
    int code;                  /* of the close frame */
};

static enum mode mode;
static int port, client_count, per_room, first;
static double rate, warmup, seconds;

#define COUNTS(_) \
    _(updates) _(update_bytes) _(bytes) _(events) _(snapshots) _(refused) _(closing) _(other) \
    _(gaps) _(pings) _(commands) _(unsent)
#define DECLARE(name) uint64_t name;
#define FORMAT(name) "\"" #name "\":%llu,"
#define VALUE(name) (unsigned long long)counts.name,

static struct {
    COUNTS(DECLARE)
    uint64_t longest, latest;  /* ns: longest period of updates, latest command */
    uint64_t periods;
    uint32_t histogram[BUCKETS];
} counts;

static struct client *clients;
static char (*rooms)[80];      /* the room ids, as they are told by `joined` */
static int poller, opened, ready, lost;
static bool measuring;
static char complaint[KEPT + 1]; /* the first refusal or closing, for the one who has to find out why */

/* ---- small tools ---- */

static void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static double own_cpu(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static uint32_t next_random(void) {
    static uint32_t x = 2463534242u; /* xorshift32 */
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

static void say(const char *word) {
    puts(word);
    fflush(stdout);
}

static int number_of(const struct client *c) { return (int)(c - clients); }

static char *room_of(const struct client *c) { return rooms[number_of(c) / per_room]; }

/* ---- sending ---- */

static void lose(struct client *c) {
    if (c->state == LOST) return;
    if (mode == IDLE || c->state < PLAYING) die("client %d lost, close code %d %s", number_of(c), c->code, complaint);
    c->state = LOST;
    lost++;
    close(c->fd);
}

/* What goes out is far smaller than an empty socket buffer: a full one means a server that stopped reading,
 * half a frame is a connection lost. */
static void send_all(struct client *c, const void *data, size_t size) {
    ssize_t sent = send(c->fd, data, size, MSG_NOSIGNAL);
    if (sent == (ssize_t)size) return;
    if (sent < 0 && errno == EAGAIN) counts.unsent++;
    else lose(c);
}

static void send_frame(struct client *c, enum opcode opcode, const char *payload, size_t size) {
    uint8_t frame[8 + KEPT * 2];
    uint32_t mask = next_random();
    size_t head = 2;
    frame[0] = 0x80 | opcode;
    frame[1] = 0x80 | (uint8_t)(size < 126 ? size : 126);
    if (size >= 126) {
        frame[head++] = (uint8_t)(size >> 8);
        frame[head++] = (uint8_t)size;
    }
    memcpy(frame + head, &mask, 4);
    for (size_t i = 0; i < size; i++) frame[head + 4 + i] = (uint8_t)payload[i] ^ frame[head + i % 4];
    send_all(c, frame, head + 4 + size);
}

static void send_text(struct client *c, const char *format, ...) {
    char text[KEPT * 2];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (size >= (int)sizeof text) die("message too long: %s", text);
    send_frame(c, TEXT, text, (size_t)size);
}

static void send_move(struct client *c) {
    uint32_t direction = next_random() % 9;
    send_text(c, "{\"op\":\"cmd\",\"name\":\"move\",\"args\":{\"dx\":%d,\"dy\":%d}}",
              (int)(direction % 3) - 1, (int)(direction / 3) - 1);
}

/* ---- what the server says ---- */

static bool says(const struct client *c, const char *op) {
    const char *text = c->frame.keep + 6; /* past {"op": and the space that Python's json puts there */
    if (*text == ' ') text++;
    size_t size = strlen(op);
    return memcmp(c->frame.keep, "{\"op\":", 6) == 0 && memcmp(text + 1, op, size) == 0 && text[1 + size] == '"';
}

static const char *value_of(const struct client *c, const char *key) {
    const char *found = strstr(c->frame.keep, key);
    return found ? found + strlen(key) : NULL;
}

static void enter(struct client *c) {
    if (c->state == PLAYING) return;
    c->state = PLAYING;
    ready++;
}

static void join(struct client *c) {
    c->state = JOINING;
    send_text(c, "{\"op\":\"join\",\"room\":\"%s\"}", room_of(c));
}

static void on_welcome(struct client *c) {
    if (mode == IDLE) {
        enter(c);
    } else if (number_of(c) % per_room == 0) {
        c->state = JOINING;
        send_text(c, "{\"op\":\"create\",\"game\":\"arena\"}");
    } else if (*room_of(c)) {
        join(c);
    } else {
        c->state = WAITING;
    }
}

static void open_room(struct client *creator) {
    const char *id = value_of(creator, "\"room\":\"");
    if (!id || sscanf(id, "%79[^\"]", room_of(creator)) != 1) die("no room in %s", creator->frame.keep);
    for (int i = 1; i < per_room && creator + i < clients + opened; i++)
        if (creator[i].state == WAITING) join(creator + i);
}

static void on_joined(struct client *c) {
    if (!*room_of(c)) open_room(c);
    c->version = -1;
    if (c->state == PLAYING && measuring) counts.snapshots++;
    enter(c);
}

static void count_period(uint64_t period) {
    uint64_t bucket = period / BUCKET;
    counts.histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    counts.periods++;
    if (period > counts.longest) counts.longest = period;
}

static void on_update(struct client *c) {
    uint64_t t = now();
    const char *v = value_of(c, "\"v\":");
    long version = v ? atol(v) : -1;
    if (measuring) {
        counts.updates++;
        counts.update_bytes += c->frame.size;
        counts.gaps += c->version >= 0 && version != c->version + 1;
        if (c->last_update) count_period(t - c->last_update);
    }
    c->version = version;
    c->last_update = t;
}

static void complain(struct client *c, uint64_t *count) {
    ++*count;
    if (c->state < PLAYING) die("client %d: %s", number_of(c), c->frame.keep);
    if (*complaint) return;
    strcpy(complaint, c->frame.keep);
    for (char *p = complaint; *p; p++)
        if (*p == '"' || *p == '\\') *p = '\''; /* it goes into our own JSON */
}

static void on_message(struct client *c) {
    if (says(c, "update")) on_update(c);
    else if (says(c, "event")) counts.events += measuring;
    else if (says(c, "welcome")) on_welcome(c);
    else if (says(c, "joined")) on_joined(c);
    else if (says(c, "refused")) complain(c, &counts.refused);
    else if (says(c, "closing")) complain(c, &counts.closing);
    else counts.other += measuring;
}

static void on_frame(struct client *c) {
    enum opcode opcode = frame_opcode(&c->frame);
    const uint8_t *payload = (uint8_t *)c->frame.keep;
    if (opcode == TEXT || opcode == BINARY) {
        on_message(c);
    } else if (opcode == PING) {
        counts.pings += measuring;
        send_frame(c, PONG, c->frame.keep, c->frame.kept);
    } else if (opcode == CLOSE) {
        c->code = c->frame.size >= 2 ? payload[0] << 8 | payload[1] : 1005;
        lose(c);
    } /* a pong, or the rest of a message in fragments: its beginning has told what it is */
}

/* ---- what comes in, in whatever pieces ---- */

static void on_upgraded(struct client *c) {
    if (!strstr(c->frame.keep, " 101 ")) die("no upgrade: %s", c->frame.keep);
    c->state = GREETING;
    if (mode == PLAIN) enter(c);
    else send_text(c, "{\"op\":\"hello\",\"name\":\"c%05d\"}", first + number_of(c));
}

static size_t take_answer(struct client *c, const uint8_t *data, size_t size) {
    struct frame *f = &c->frame;
    for (size_t i = 0; i < size; i++) {
        if (f->kept < KEPT - 1) f->keep[f->kept++] = (char)data[i];
        if (data[i] == "\r\n\r\n"[c->matched]) c->matched++;
        else c->matched = data[i] == '\r';
        if (c->matched == 4) {
            on_upgraded(c);
            return i + 1;
        }
    }
    return size;
}

static void take(struct client *c, const uint8_t *data, size_t size) {
    while (size && c->state != LOST) {
        size_t used = c->state == UPGRADING ? take_answer(c, data, size) : take_frame(&c->frame, data, size);
        if (c->frame.masked) die("the server masks its frames");
        if (c->frame.complete) on_frame(c);
        data += used;
        size -= used;
    }
}

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
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->version = -1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("client %d: %s", number_of(c), strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
    send_upgrade(c);
}

static void poll_sockets(int milliseconds) {
    struct epoll_event events[256];
    int count = epoll_wait(poller, events, 256, milliseconds);
    for (int i = 0; i < count; i++) {
        struct client *c = events[i].data.ptr;
        if (c->state != LOST) on_readable(c);
    }
}

/* ---- the run ---- */

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
            if (c->state == LOST) continue;
            send_move(c);
            counts.commands += measuring;
        }
        poll_sockets(1);
    }
}

static double percentile(double share) {
    uint64_t wanted = (uint64_t)((double)counts.periods * share), seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
        seen += counts.histogram[i];
        if (seen > wanted) return (double)(i + 1) * BUCKET / 1e6; /* upper edge: never flattering */
    }
    return 0;
}

static void report(double measured, double cpu) {
    printf("{" COUNTS(FORMAT) "\"lost\":%d,\"seconds\":%.3f,\"load_cpu\":%.3f,\"latest_command_ms\":%.1f,"
           "\"period_ms\":{\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f},\"complaint\":\"%s\"}\n",
           COUNTS(VALUE) lost, measured, cpu, (double)counts.latest / 1e6,
           percentile(0.50), percentile(0.99), (double)counts.longest / 1e6, complaint);
}

static void measure(void) {
    double cpu = own_cpu();
    uint64_t begin = now();
    measuring = true;
    say("start");
    play_until(begin + (uint64_t)(seconds * SECOND));
    measuring = false;
    say("end");
    report((double)(now() - begin) / SECOND, own_cpu() - cpu);
}

static void read_arguments(int count, char **arguments) {
    const char *modes[] = {[ARENA] = "arena", [PLAIN] = "plain", [IDLE] = "idle"};
    if (count != 9) die("load MODE PORT CLIENTS PER_ROOM RATE WARMUP SECONDS FIRST");
    while (strcmp(arguments[1], modes[mode]))
        if (++mode > IDLE) die("what is %s?", arguments[1]);
    port = atoi(arguments[2]);
    client_count = atoi(arguments[3]);
    per_room = atoi(arguments[4]);
    rate = atof(arguments[5]);
    warmup = atof(arguments[6]);
    seconds = atof(arguments[7]);
    first = atoi(arguments[8]);
}

int main(int count, char **arguments) {
    read_arguments(count, arguments);
    clients = calloc((size_t)client_count, sizeof *clients);
    rooms = calloc((size_t)(client_count / per_room) + 1, sizeof *rooms);
    poller = epoll_create1(0);
    if (!clients || !rooms || poller < 0) die("no room for %d clients", client_count);
    connect_all();
    say("ready");
    if (mode == IDLE)
        for (;;) poll_sockets(-1);
    play_until(now() + (uint64_t)(warmup * SECOND));
    measure();
    return 0;
}

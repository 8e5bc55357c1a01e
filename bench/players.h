/* The players: what they keep, what they say and what they make of what they hear. */

#ifndef PLAYERS_H
#define PLAYERS_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "counts.h"
#include "frames.h"

#define TOKEN 64
#define FIRST_PAUSE (SECOND / 2) /* the longest before the first attempt to come back; it doubles up to */
#define LONGEST_PAUSE (3 * SECOND) /* real clients go to 30: here the server's time counts, not their luck */

enum dialect { GAMESRV, BARE };
enum activity { IDLE, PLAY, ECHO, STORM };
enum state { AWAY, CONNECTING, UPGRADING, GREETING, WAITING, JOINING, PLAYING, LOST };

struct client {
    int fd;                    /* -1: none */
    enum state state;
    int matched;               /* of the blank line that ends the answer to the upgrade */
    struct frame frame;
    uint64_t since;            /* ns: the update before, or the command that is to come back; 0: none yet */
    long version;              /* of the view, -1: not known */
    int code;                  /* of the close frame */
    char token[TOKEN];
    long last_event;           /* 0: none yet */
    int attempts;              /* in vain, to come back */
    uint64_t retry_at;         /* ns */
    bool returned, gone;       /* gone: the session */
};

static enum dialect dialect;
static enum activity activity;
static const char *game;
static int port, client_count, per_room, first;
static double rate;

static struct client *clients;
static char (*rooms)[80];      /* the room ids, as they are told by `joined` */
static int opened, ready, away, lost;
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

static uint32_t next_random(void) {
    static uint32_t x = 2463534242u; /* xorshift32 */
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

static int number_of(const struct client *c) { return (int)(c - clients); }

static char *room_of(const struct client *c) { return rooms[number_of(c) / per_room]; }

/* ---- sending ---- */

/* Full jitter: anything between at once and the whole pause, so that not all come at the same time. */
static void go_away(struct client *c) {
    uint64_t pause = FIRST_PAUSE << (c->attempts < 3 ? c->attempts : 3);
    if (pause > LONGEST_PAUSE) pause = LONGEST_PAUSE;
    c->retry_at = now() + (uint64_t)((double)pause * next_random() / UINT32_MAX);
    c->attempts++;
    c->state = AWAY;
    away++;
}

static void lose(struct client *c) {
    if (c->fd < 0) return;
    close(c->fd);
    c->fd = -1;
    if (activity == STORM && measuring && !c->gone) {
        ready -= c->state == PLAYING;
        go_away(c);
        return;
    }
    if (activity == IDLE || (c->state < PLAYING && !c->gone))
        die("client %d lost, close code %d %s", number_of(c), c->code, complaint);
    c->state = LOST;
    lost++;
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

static void send_command(struct client *c) {
    uint32_t direction = next_random() % 9;
    if (activity == ECHO) {
        send_text(c, "{\"op\":\"cmd\",\"name\":\"echo\",\"args\":{\"text\":\"%08x%08x\"}}",
                  next_random(), next_random());
        c->since = now();
        return;
    }
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
    c->attempts = 0;
    ready++;
    if (!measuring || c->returned) return;
    c->returned = true;
    counts.returned++;
    counts.last_back = now();
    if (!counts.first_back) counts.first_back = counts.last_back;
}

static void join(struct client *c) {
    c->state = JOINING;
    send_text(c, "{\"op\":\"join\",\"room\":\"%s\"}", room_of(c));
}

static void on_welcome(struct client *c) {
    bool known = *c->token;
    const char *token = value_of(c, "\"token\":\"");
    if (!token || sscanf(token, "%63[^\"]", c->token) != 1) die("no token in %s", c->frame.keep);
    if (known) {
        c->state = JOINING; /* what it had comes by itself */
    } else if (activity == IDLE) {
        enter(c);
    } else if (number_of(c) % per_room == 0) {
        c->state = JOINING;
        send_text(c, "{\"op\":\"create\",\"game\":\"%s\"}", game);
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

static void on_update(struct client *c) {
    uint64_t t = now();
    const char *v = value_of(c, "\"v\":");
    long version = v ? atol(v) : -1;
    if (measuring) {
        counts.updates++;
        counts.update_bytes += c->frame.size;
        counts.gaps += c->version >= 0 && version != c->version + 1;
        if (c->since) count_time(t - c->since);
    }
    c->version = version;
    c->since = t;
}

static void on_event(struct client *c) {
    const char *seq = value_of(c, "\"seq\":");
    if (seq) c->last_event = atol(seq);
    counts.events += measuring;
}

static void on_echo(struct client *c) {
    if (!measuring) return;
    counts.updates++;
    counts.update_bytes += c->frame.size;
    if (c->since) count_time(now() - c->since);
    c->since = 0;
}

static void complain(struct client *c, uint64_t *count) {
    ++*count;
    bool storm = activity == STORM && measuring;
    c->gone = storm && strstr(c->frame.keep, "\"code\":4401");
    if (c->state < PLAYING && !storm) die("client %d: %s", number_of(c), c->frame.keep);
    if (*complaint || (storm && count == &counts.closing)) return; /* in a storm some are told to come later */
    strcpy(complaint, c->frame.keep);
    for (char *p = complaint; *p; p++)
        if (*p == '"' || *p == '\\') *p = '\''; /* it goes into our own JSON */
}

static void on_message(struct client *c) {
    if (says(c, "update")) on_update(c);
    else if (activity == ECHO && says(c, dialect == BARE ? "cmd" : "event")) on_echo(c);
    else if (says(c, "event")) on_event(c);
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
    if (dialect == BARE) enter(c);
    else if (*c->token) send_text(c, "{\"op\":\"hello\",\"token\":\"%s\",\"last\":%ld}", c->token, c->last_event);
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
    while (size && c->fd >= 0) {
        size_t used = c->state == UPGRADING ? take_answer(c, data, size) : take_frame(&c->frame, data, size);
        if (c->frame.masked) die("the server masks its frames");
        if (c->frame.complete) on_frame(c);
        data += used;
        size -= used;
    }
}

#endif

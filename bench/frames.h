/* WebSocket frames as a server sends them, out of bytes that arrive in any pieces. No I/O in here. */

#ifndef FRAMES_H
#define FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define KEPT 128 /* of each payload, with a zero at the end; the rest is only counted. A ping has 125 at most */

enum opcode { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

struct frame {
    bool in_payload, complete, masked; /* masked: the peer is no server, there is nothing more to understand */
    int head_length;
    uint8_t head[10];
    uint64_t size, left;               /* of the payload; left: still to come */
    size_t kept;
    char keep[KEPT];
};

static inline enum opcode frame_opcode(const struct frame *f) { return f->head[0] & 15; }

static void end_frame(struct frame *f) {
    f->keep[f->kept] = 0;
    f->in_payload = false;
    f->head_length = 0;
    f->complete = true;
}

static void begin_payload(struct frame *f) {
    f->masked = f->head[1] & 128;
    f->size = f->head[1] & 127;
    if (f->size >= 126) f->size = 0;
    for (int i = 2; i < f->head_length; i++) f->size = f->size << 8 | f->head[i];
    f->left = f->size;
    f->kept = 0;
    f->in_payload = true;
    if (f->left == 0) end_frame(f);
}

static size_t take_head(struct frame *f, uint8_t byte) {
    f->head[f->head_length++] = byte;
    if (f->head_length < 2) return 1;
    int length = f->head[1] & 127, wanted = length == 127 ? 10 : length == 126 ? 4 : 2;
    if (f->head_length == wanted) begin_payload(f);
    return 1;
}

static size_t take_payload(struct frame *f, const uint8_t *data, size_t size) {
    if (size > f->left) size = f->left;
    size_t room = KEPT - 1 - f->kept, keep = size < room ? size : room;
    memcpy(f->keep + f->kept, data, keep);
    f->kept += keep;
    f->left -= size;
    if (f->left == 0) end_frame(f);
    return size;
}

/* Takes what it can use of the data, at least one byte, and says how much that was. When `complete` is true
 * afterwards, the frame's opcode, size and the kept part of its payload are good until the next call. */
static size_t take_frame(struct frame *f, const uint8_t *data, size_t size) {
    f->complete = false;
    return f->in_payload ? take_payload(f, data, size) : take_head(f, *data);
}

#endif

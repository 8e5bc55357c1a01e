/* What is counted between `start` and `end`, and how it is told. No I/O but the report. */

#ifndef COUNTS_H
#define COUNTS_H

#include <stdint.h>
#include <stdio.h>

#define SECOND 1000000000ull
#define BUCKET 20000ull        /* ns: times are told to 0.02 ms */
#define BUCKETS 500000         /* up to 10 s */

#define COUNTS(_) \
    _(updates) _(update_bytes) _(bytes) _(events) _(snapshots) _(refused) _(closing) _(other) \
    _(gaps) _(pings) _(commands) _(unsent) _(attempts) _(returned)
#define DECLARE(name) uint64_t name;
#define FORMAT(name) "\"" #name "\":%llu,"
#define VALUE(name) (unsigned long long)counts.name,

static struct {
    COUNTS(DECLARE)
    uint64_t longest, latest;  /* ns: the longest time in the histogram, latest command */
    uint64_t first_back, last_back; /* ns: who came back after a storm, by the monotonic clock */
    uint64_t times;
    uint32_t histogram[BUCKETS];
} counts;

static void count_time(uint64_t time) {
    uint64_t bucket = time / BUCKET;
    counts.histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    counts.times++;
    if (time > counts.longest) counts.longest = time;
}

static double percentile(double share) {
    uint64_t wanted = (uint64_t)((double)counts.times * share), seen = 0;
    for (int i = 0; i < BUCKETS; i++) {
        seen += counts.histogram[i];
        if (seen > wanted) return (double)(i + 1) * BUCKET / 1e6; /* upper edge: never flattering */
    }
    return 0;
}

static void report(int lost, double seconds, double cpu, const char *complaint) {
    printf("{" COUNTS(FORMAT) "\"lost\":%d,\"seconds\":%.3f,\"load_cpu\":%.3f,\"latest_command_ms\":%.1f,"
           "\"time_ms\":{\"p50\":%.2f,\"p99\":%.2f,\"max\":%.2f},\"first_back\":%.3f,\"last_back\":%.3f,"
           "\"complaint\":\"%s\"}\n",
           COUNTS(VALUE) lost, seconds, cpu, (double)counts.latest / 1e6,
           percentile(0.50), percentile(0.99), (double)counts.longest / 1e6,
           (double)counts.first_back / SECOND, (double)counts.last_back / SECOND, complaint);
}

#endif

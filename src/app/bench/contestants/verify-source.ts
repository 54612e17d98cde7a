/**
 * The yardstick of verification: C that reads a pcap file of fragments in order, of one link type and without options, and
 * looks at what the verifier looks at: header sums, order, UDP length and checksum. What is not so plain it only counts.
 *
 * argv: file. Says its processor time, seconds, and how many datagrams were good.
 */
export const VERIFY_C = String.raw`
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { WINDOW = 1 << 20, ROOM = 1 << 18, HEADER = 24, RECORD = 16, LINK = 14 };

static uint64_t sum(const unsigned char *p, size_t n) {
  uint64_t s = 0;
  for (; n >= 4; n -= 4, p += 4) { uint32_t w; memcpy(&w, p, 4); s += w; }
  if (n >= 2) { uint16_t w; memcpy(&w, p, 2); s += w; p += 2; n -= 2; }
  return n ? s + *p : s;
}

static unsigned fold(uint64_t s) {
  while (s >> 16) s = (s & 0xffff) + (s >> 16);
  return s;
}

static unsigned be16(const unsigned char *p) { return p[0] << 8 | p[1]; }

/* The datagram at hand: its first IP header, octets so far and their sum; the first 8 octets are copied, for the window moves. */
static unsigned char first[20];
static unsigned next_offset, udp_length, begun;
static uint64_t total;
static long good, bad, odd;

static void packet(const unsigned char *ip, uint32_t captured) {
  unsigned length = be16(ip + 2), word = be16(ip + 6), offset = (word & 0x1fff) << 3;
  if (captured < 28 || ip[0] != 0x45 || ip[9] != 17 || length > captured || fold(sum(ip, 20)) != 0xffff) { odd++; begun = 0; return; }
  if (offset == 0) { memcpy(first, ip, 20); begun = 1; next_offset = 0; total = 0; udp_length = be16(ip + 24); }
  else if (!begun || memcmp(first + 12, ip + 12, 8) || memcmp(first + 4, ip + 4, 2) || offset != next_offset) { odd++; begun = 0; return; }
  total += sum(ip + 20, length - 20);
  next_offset = offset + length - 20;
  if (word & 0x2000) return;
  unsigned char tail[4] = {0, 17, next_offset >> 8, next_offset};
  if (udp_length == next_offset && fold(total + sum(first + 12, 8) + sum(tail, 4)) == 0xffff) good++; else bad++;
  begun = 0;
}

static double seconds(struct timeval t) { return t.tv_sec + t.tv_usec / 1e6; }

int main(int argc, char **argv) {
  int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
  unsigned char *window = malloc(ROOM + WINDOW);
  size_t have = 0, at;
  ssize_t got;
  if (fd < 0 || !window || read(fd, window, HEADER) != HEADER) return 1;
  while ((got = read(fd, window + have, WINDOW)) > 0) {
    have += got;
    for (at = 0; at + RECORD <= have;) {
      uint32_t captured;
      memcpy(&captured, window + at + 8, 4);
      if (captured > ROOM - RECORD) return 1;
      if (at + RECORD + captured > have) break;
      packet(window + at + RECORD + LINK, captured - LINK);
      at += RECORD + captured;
    }
    memmove(window, window + at, have -= at);
  }
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  printf("{\"seconds\":%.6f,\"good\":%ld,\"bad\":%ld,\"odd\":%ld}\n", seconds(used.ru_utime) + seconds(used.ru_stime), good, bad, odd);
  return 0;
}
`;

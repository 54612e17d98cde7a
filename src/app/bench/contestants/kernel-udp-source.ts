/**
 * The yardstick every figure is held against: a UDP socket in C that sends the same octets as fast as one thread can and
 * leaves the cutting to the kernel's IP layer. Orders on standard input as `LineProcess` gives them.
 *
 * argv: address, port, octets of payload, packets a datagram makes, payloads to send in turn; a file to read each from first
 */
export const KERNEL_UDP_C = String.raw`
#define _GNU_SOURCE
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) { return t.tv_sec + t.tv_usec / 1e6; }

static int open_socket(const char *address, const char *port) {
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM}, *to;
  if (getaddrinfo(address, port, &hints, &to)) return -1;
  int fd = socket(to->ai_family, SOCK_DGRAM, 0);
  int buffer = 64 << 20, want = 1 /* IP_PMTUDISC_WANT: the kernel may fragment */;
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer))
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  if (to->ai_family == AF_INET) setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &want, sizeof want);
  else setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &want, sizeof want);
  return connect(fd, to->ai_addr, to->ai_addrlen) ? -1 : fd;
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  long len = atol(argv[3]), packets = atol(argv[4]), payloads = atol(argv[5]);
  int fd = open_socket(argv[1], argv[2]), file = argc > 6 ? open(argv[6], O_RDONLY) : -1;
  char *octets = malloc(len * payloads), kind;
  long limit;
  if (fd < 0 || !octets || (argc > 6 && file < 0)) return 1;
  memset(octets, 'x', len * payloads);
  setvbuf(stdout, NULL, _IOLBF, 0);
  puts("{}");
  while (scanf(" %c %ld", &kind, &limit) == 2) {
    struct rusage before, after;
    long sent = 0, refused = 0;
    getrusage(RUSAGE_SELF, &before);
    double begin = now(), end = begin + limit / 1e3;
    while (kind == 'n' ? sent < limit : now() < end) {
      if (file >= 0 && read(file, octets, len) < len && (lseek(file, 0, SEEK_SET) || read(file, octets, len) < len)) return 1;
      if (send(fd, octets + (sent % payloads) * len, len, 0) == len) sent++;
      else if (++refused > 1000000) break;
    }
    double took = now() - begin;
    getrusage(RUSAGE_SELF, &after);
    double cpu = seconds(after.ru_utime) + seconds(after.ru_stime) - seconds(before.ru_utime) - seconds(before.ru_stime);
    printf("{\"datagrams\":%ld,\"packets\":%ld,\"seconds\":%.9f,\"cpuSeconds\":%.6f,\"peakRss\":%ld}\n", sent,
           sent * packets, took, cpu, after.ru_maxrss * 1024);
  }
  return 0;
}
`;

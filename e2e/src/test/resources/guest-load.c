/* Loads one part of a guest for a time and says what it did by the second, as one whole number:
 *   cpu                rounds of a xorshift generator, in thousands
 *   memory             KiB copied between two buffers far larger than any cache
 *   random-read DISK   4 KiB reads, past the guest's page cache, at random places of the first 64 MiB
 *   random-write DISK  the same, written
 *   read DISK          KiB read in pieces of 1 MiB, one after the other, round and round
 *   write DISK         the same, written
 *   receive ADDRESS    KiB that come from port 7001
 *   send ADDRESS       KiB that go to port 7002
 * usage: guest-load SECONDS WHAT [WHERE] */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { KIB = 1024, MIB = 1024 * KIB, BUFFER = 16 * MIB, AREA = 64 * MIB };

static uint64_t state = 88172645463325252u;

static uint64_t draw(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void need(int ok) {
  if (!ok) {
    write(2, "guest-load: failed\n", 19);
    exit(1);
  }
}

static int is(const char *a, const char *b) { return strcmp(a, b) == 0; }

static int dial(const char *address, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  int s = socket(AF_INET, SOCK_STREAM, 0);
  need(inet_aton(address, &to.sin_addr) && connect(s, (void *)&to, sizeof to) == 0);
  return s;
}

int main(int argc, char **argv) {
  need(argc >= 3);
  double seconds = atoi(argv[1]);
  const char *what = argv[2], *where = argc > 3 ? argv[3] : "";
  char *from = mmap(0, BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *to = mmap(0, BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(from != MAP_FAILED && to != MAP_FAILED);
  memset(from, 7, BUFFER);
  memset(to, 7, BUFFER);
  int random = is(what, "random-read") || is(what, "random-write");
  int writes = is(what, "random-write") || is(what, "write");
  int disk = random || writes || is(what, "read");
  int fd = -1;
  if (disk) fd = open(where, (writes ? O_WRONLY : O_RDONLY) | O_DIRECT);
  if (is(what, "receive")) fd = dial(where, 7001);
  if (is(what, "send")) fd = dial(where, 7002);
  need(is(what, "cpu") || is(what, "memory") || fd >= 0);

  uint64_t done = 0, place = 0;
  double start = now(), end;
  do {
    if (is(what, "cpu")) {
      for (int i = 0; i < 100000; i++) draw();
      done += 100;
    } else if (is(what, "memory")) {
      memcpy(to, from, BUFFER);
      __asm__ volatile("" ::: "memory");
      done += BUFFER / KIB;
    } else if (disk) {
      size_t piece = random ? 4 * KIB : MIB;
      off_t at = random ? (off_t)(draw() % (AREA / piece)) * piece : (off_t)place;
      ssize_t n = writes ? pwrite(fd, from, piece, at) : pread(fd, from, piece, at);
      need(n == (ssize_t)piece);
      place = (place + piece) % AREA;
      done += random ? 1 : piece / KIB;
    } else {
      ssize_t n = is(what, "send") ? write(fd, from, 64 * KIB) : read(fd, to, 64 * KIB);
      need(n > 0);
      place += n;
      done = place / KIB;
    }
    end = now();
  } while (end - start < seconds);
  if (writes) {
    fsync(fd);
    end = now();
  }
  uint64_t rate = done / (end - start);
  char text[24];
  int i = sizeof text;
  text[--i] = '\n';
  do {
    text[--i] = '0' + rate % 10;
    rate /= 10;
  } while (rate > 0);
  write(1, text + i, sizeof text - i);
  return state == 0;
}

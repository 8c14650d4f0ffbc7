/*
 * Records what a process does to the files of one folder, with the data, so that a judge can rebuild the disk as a power
 * cut at any moment would have left it. Preloaded (LD_PRELOAD) into Node; made by e2e/torture/disk/shim.ts when needed.
 *
 * GREENTILL_SHIM_FOLDER: absolute path of the folder. GREENTILL_SHIM_LOG: the record, outside of it.
 * Opening the file "shim-fail-N-E" in the folder (it need not be there) makes the Nth write, truncation or sync from then
 * on fail with the error number E, once; N = 0: none.
 *
 * A record is a head (struct head, little endian as the machine), the path, and the data. An operation is recorded after
 * it succeeded, under one lock, so the order of the records is the order on the disk.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum op { OP_WRITE = 1, OP_TRUNCATE, OP_SYNC, OP_CREATE, OP_RENAME, OP_UNLINK, OP_TOLD };

struct head {
  uint32_t op, path_bytes;
  uint64_t offset, data_bytes;
};

#define FDS_MAX 1024
static char *names[FDS_MAX];
static char folder[PATH_MAX];
static size_t folder_bytes;
static int record_fd = -1;
static long fail_at, fail_errno, touches;
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static ssize_t plain_write(int fd, const struct iovec *parts, int count) {
  static ssize_t (*real)(int, const struct iovec *, int);
  if (!real) real = (ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
  return real(fd, parts, count);
}

static int plain_open(const char *path, int flags, mode_t mode) {
  static int (*real)(const char *, int, ...);
  if (!real) real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
  return real(path, flags, mode);
}

__attribute__((constructor)) static void begin(void) {
  const char *where = getenv("GREENTILL_SHIM_FOLDER"), *log = getenv("GREENTILL_SHIM_LOG");
  if (!where || !log) return;
  folder_bytes = strlen(where);
  memcpy(folder, where, folder_bytes + 1);
  record_fd = plain_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The path below the folder; NULL for any other file. The folder itself is "". */
static const char *inside(const char *path) {
  if (record_fd < 0 || !path || strncmp(path, folder, folder_bytes) != 0) return NULL;
  if (path[folder_bytes] == 0) return "";
  return path[folder_bytes] == '/' ? path + folder_bytes + 1 : NULL;
}

static const char *name_of(int fd) {
  return fd >= 0 && fd < FDS_MAX && record_fd >= 0 ? names[fd] : NULL;
}

static void note(enum op op, const char *path, uint64_t offset, const void *data, size_t bytes) {
  struct head head = {op, (uint32_t)strlen(path), offset, bytes};
  struct iovec parts[3] = {
      {&head, sizeof head}, {(void *)path, head.path_bytes}, {(void *)data, bytes}};
  size_t wanted = sizeof head + head.path_bytes + bytes;
  if (plain_write(record_fd, parts, 3) != (ssize_t)wanted) abort();
}

/* Counts everything that may fail on a disk; true when this one shall. */
static int strikes(void) {
  touches += 1;
  if (fail_at == 0 || touches != fail_at) return 0;
  errno = (int)fail_errno;
  return 1;
}

static int opened(const char *path, int flags, mode_t mode) {
  const char *name = inside(path);
  if (!name) return plain_open(path, flags, mode);
  long at, error_number;
  if (sscanf(name, "shim-fail-%ld-%ld", &at, &error_number) == 2) {
    fail_at = at, fail_errno = error_number, touches = 0;
    errno = ENOENT;
    return -1;
  }
  pthread_mutex_lock(&lock);
  int is_new = (flags & O_CREAT) && access(path, F_OK) != 0;
  int fd = plain_open(path, flags, mode);
  if (fd >= 0 && fd < FDS_MAX) {
    free(names[fd]);
    names[fd] = strdup(name);
    if (is_new) note(OP_CREATE, name, 0, NULL, 0);
    else if (flags & O_TRUNC) note(OP_TRUNCATE, name, 0, NULL, 0);
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

#define OPEN(function) \
  int function(const char *path, int flags, ...) { \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0; \
    va_end(more); \
    return opened(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  REAL(close);
  if (fd >= 0 && fd < FDS_MAX) {
    pthread_mutex_lock(&lock);
    free(names[fd]);
    names[fd] = NULL;
    pthread_mutex_unlock(&lock);
  }
  return real(fd);
}

static ssize_t written(int fd, const void *data, size_t bytes, off_t offset,
                       ssize_t (*act)(int, const void *, size_t, off_t)) {
  pthread_mutex_lock(&lock);
  ssize_t done = strikes() ? -1 : act(fd, data, bytes, offset);
  int error = errno;
  if (done > 0) note(OP_WRITE, names[fd], (uint64_t)offset, data, (size_t)done);
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

static ssize_t plain_pwrite(int fd, const void *data, size_t bytes, off_t offset) {
  REAL(pwrite64);
  return real(fd, data, bytes, offset);
}

static ssize_t sequential(int fd, const void *data, size_t bytes, off_t offset) {
  (void)offset;
  struct iovec part = {(void *)data, bytes};
  return plain_write(fd, &part, 1);
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset) {
  if (!name_of(fd)) return plain_pwrite(fd, data, bytes, offset);
  return written(fd, data, bytes, offset, plain_pwrite);
}
ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset) {
  return pwrite(fd, data, bytes, offset);
}

ssize_t write(int fd, const void *data, size_t bytes) {
  if (name_of(fd)) {
    struct stat status;
    int appends = (fcntl(fd, F_GETFL) & O_APPEND) && fstat(fd, &status) == 0;
    return written(fd, data, bytes, appends ? status.st_size : lseek(fd, 0, SEEK_CUR), sequential);
  }
  if (fd != STDOUT_FILENO || record_fd < 0) return sequential(fd, data, bytes, 0);
  /* What the process tells the world: the judge holds it to this. */
  pthread_mutex_lock(&lock);
  note(OP_TOLD, "", 0, data, bytes);
  ssize_t done = sequential(fd, data, bytes, 0);
  pthread_mutex_unlock(&lock);
  return done;
}

#define SYNC(function) \
  int function(int fd) { \
    REAL(function); \
    if (!name_of(fd)) return real(fd); \
    pthread_mutex_lock(&lock); \
    int failed = strikes() ? -1 : real(fd); \
    int error = errno; \
    if (!failed) note(OP_SYNC, names[fd], 0, NULL, 0); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return failed; \
  }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(function, offset_type) \
  int function(int fd, offset_type bytes) { \
    REAL(function); \
    if (!name_of(fd)) return real(fd, bytes); \
    pthread_mutex_lock(&lock); \
    int failed = strikes() ? -1 : real(fd, bytes); \
    int error = errno; \
    if (!failed) note(OP_TRUNCATE, names[fd], (uint64_t)bytes, NULL, 0); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return failed; \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int rename(const char *from, const char *to) {
  REAL(rename);
  const char *name = inside(from), *target = inside(to);
  if (!name || !target) return real(from, to);
  pthread_mutex_lock(&lock);
  int failed = real(from, to), error = errno;
  if (!failed) note(OP_RENAME, name, 0, target, strlen(target));
  pthread_mutex_unlock(&lock);
  errno = error;
  return failed;
}

int unlink(const char *path) {
  REAL(unlink);
  const char *name = inside(path);
  if (!name) return real(path);
  pthread_mutex_lock(&lock);
  int failed = real(path), error = errno;
  if (!failed) note(OP_UNLINK, name, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return failed;
}

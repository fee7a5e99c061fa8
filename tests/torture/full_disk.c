/* LD_PRELOAD: while the file $FULL_DISK_WHEN is there, nothing can be written in the folder $FULL_DISK_IN. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_full(int file) {
  const char *when = getenv("FULL_DISK_WHEN");
  const char *folder = getenv("FULL_DISK_IN");
  char link[64];
  char path[4096];
  if (when == NULL || folder == NULL || access(when, F_OK) != 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
  if (is_full(file)) return errno = ENOSPC, -1;
  return REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t)(file, bytes, count, at);
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) { return pwrite64(file, bytes, count, at); }
ssize_t write(int file, const void *bytes, size_t count) {
  if (is_full(file)) return errno = ENOSPC, -1;
  return REAL(ssize_t, "write", int, const void *, size_t)(file, bytes, count);
}

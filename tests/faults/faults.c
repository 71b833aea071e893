// A preloaded library that makes the n-th call of one kind fail, counted from main() on: memory, files, maps and threads.
// KT_FAULT_KIND is one of memory, open, read, map, status, thread; KT_FAULT_AT is n, 0 for none; KT_FAULT_COUNT names a file that gets
// the number of calls at exit; with KT_FAULT_TRACE the calls that lead to the fault go to stderr. Every later call works again.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind { MEMORY, OPEN, READ, MAP, STATUS, THREAD, KINDS };
static const char* const kNames[KINDS] = {"memory", "open", "read", "map", "status", "thread"};

static int g_kind = -1;
static long g_at;
static const char* g_count_file;
static atomic_long g_calls;
static atomic_int g_armed;
static int g_traces;

static int fails(enum kind kind) {
  if ((int)kind != g_kind || !atomic_load(&g_armed)) return 0;
  if (atomic_fetch_add(&g_calls, 1) + 1 != g_at) return 0;
  if (g_traces) {
    void* frames[48];
    backtrace_symbols_fd(frames, backtrace(frames, 48), STDERR_FILENO);
  }
  return 1;
}

static void* next(const char* name) { return dlsym(RTLD_NEXT, name); }

// The allocator's own names in glibc: dlsym() itself may allocate.
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

static void* no_memory(void) {
  errno = ENOMEM;
  return NULL;
}

void* malloc(size_t size) { return fails(MEMORY) ? no_memory() : __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return fails(MEMORY) ? no_memory() : __libc_calloc(count, size); }
void* realloc(void* old, size_t size) { return fails(MEMORY) ? no_memory() : __libc_realloc(old, size); }
void* memalign(size_t alignment, size_t size) { return fails(MEMORY) ? no_memory() : __libc_memalign(alignment, size); }
void* aligned_alloc(size_t alignment, size_t size) { return fails(MEMORY) ? no_memory() : __libc_memalign(alignment, size); }
int posix_memalign(void** out, size_t alignment, size_t size) {
  void* made = fails(MEMORY) ? NULL : __libc_memalign(alignment, size);
  if (made == NULL) return ENOMEM;
  *out = made;
  return 0;
}

static int has_mode(int flags) { return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }

static int open_at(int folder, const char* path, int flags, mode_t mode) {
  if (fails(OPEN)) {
    errno = EMFILE;
    return -1;
  }
  return (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define OPEN_FUNCTION(name)                        \
  int name(const char* path, int flags, ...) {     \
    mode_t mode = 0;                               \
    if (has_mode(flags)) {                         \
      va_list list;                                \
      va_start(list, flags);                       \
      mode = va_arg(list, mode_t);                 \
      va_end(list);                                \
    }                                              \
    return open_at(AT_FDCWD, path, flags, mode);   \
  }
OPEN_FUNCTION(open)
OPEN_FUNCTION(open64)

#define FOPEN_FUNCTION(name)                                      \
  FILE* name(const char* path, const char* mode) {                \
    static FILE* (*real)(const char*, const char*);               \
    if (real == NULL) real = (FILE * (*)(const char*, const char*)) next(#name); \
    if (fails(OPEN)) {                                            \
      errno = EMFILE;                                             \
      return NULL;                                                \
    }                                                             \
    return real(path, mode);                                      \
  }
FOPEN_FUNCTION(fopen)
FOPEN_FUNCTION(fopen64)

// openat2 has no function of the library; it comes through here.
long syscall(long number, ...) {
  static long (*real)(long, ...);
  if (real == NULL) real = (long (*)(long, ...))next("syscall");
  long a[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; ++i) a[i] = va_arg(list, long);
  va_end(list);
  if (number == SYS_openat2 && fails(OPEN)) {
    errno = EMFILE;
    return -1;
  }
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

ssize_t read(int file, void* out, size_t size) {
  static ssize_t (*real)(int, void*, size_t);
  if (real == NULL) real = (ssize_t(*)(int, void*, size_t))next("read");
  if (fails(READ)) {
    errno = EIO;
    return -1;
  }
  return real(file, out, size);
}

#define PREAD_FUNCTION(name)                                                 \
  ssize_t name(int file, void* out, size_t size, off_t offset) {             \
    static ssize_t (*real)(int, void*, size_t, off_t);                       \
    if (real == NULL) real = (ssize_t(*)(int, void*, size_t, off_t))next(#name); \
    if (fails(READ)) {                                                       \
      errno = EIO;                                                           \
      return -1;                                                             \
    }                                                                        \
    return real(file, out, size, offset);                                    \
  }
PREAD_FUNCTION(pread)
PREAD_FUNCTION(pread64)

#define MMAP_FUNCTION(name)                                                                    \
  void* name(void* at, size_t size, int protection, int flags, int file, off_t offset) {       \
    static void* (*real)(void*, size_t, int, int, int, off_t);                                 \
    if (real == NULL) real = (void* (*)(void*, size_t, int, int, int, off_t))next(#name);      \
    if (fails(MAP)) {                                                                          \
      errno = ENOMEM;                                                                          \
      return MAP_FAILED;                                                                       \
    }                                                                                          \
    return real(at, size, protection, flags, file, offset);                                    \
  }
MMAP_FUNCTION(mmap)
MMAP_FUNCTION(mmap64)

static int no_status(void) {
  errno = EIO;
  return -1;
}

int fstat(int file, struct stat* out) {
  static int (*real)(int, struct stat*);
  if (real == NULL) real = (int (*)(int, struct stat*))next("fstat");
  return fails(STATUS) ? no_status() : real(file, out);
}

int stat(const char* path, struct stat* out) {
  static int (*real)(const char*, struct stat*);
  if (real == NULL) real = (int (*)(const char*, struct stat*))next("stat");
  return fails(STATUS) ? no_status() : real(path, out);
}

int pthread_create(pthread_t* out, const pthread_attr_t* attributes, void* (*start)(void*), void* argument) {
  static int (*real)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  if (real == NULL) real = (int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*))next("pthread_create");
  return fails(THREAD) ? EAGAIN : real(out, attributes, start, argument);
}

static void write_count(void) {
  atomic_store(&g_armed, 0);
  const int file = (int)syscall(SYS_openat, AT_FDCWD, g_count_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return;
  dprintf(file, "%ld\n", atomic_load(&g_calls));
  close(file);
}

static int (*g_main)(int, char**, char**);

static int counted_main(int argc, char** argv, char** environment) {
  const char* kind = getenv("KT_FAULT_KIND");
  const char* at = getenv("KT_FAULT_AT");
  g_count_file = getenv("KT_FAULT_COUNT");
  for (int i = 0; kind != NULL && i < KINDS; ++i)
    if (strcmp(kind, kNames[i]) == 0) g_kind = i;
  g_at = at != NULL ? atol(at) : 0;
  g_traces = getenv("KT_FAULT_TRACE") != NULL;
  if (g_count_file != NULL) atexit(write_count);
  atomic_store(&g_armed, 1);
  return g_main(argc, argv, environment);
}

int __libc_start_main(int (*start)(int, char**, char**), int argc, char** argv, void (*init)(void), void (*fini)(void),
                      void (*loader_fini)(void), void* stack_end) {
  int (*real)(int (*)(int, char**, char**), int, char**, void (*)(void), void (*)(void), void (*)(void), void*) =
      (int (*)(int (*)(int, char**, char**), int, char**, void (*)(void), void (*)(void), void (*)(void), void*))next("__libc_start_main");
  g_main = start;
  return real(counted_main, argc, argv, init, fini, loader_fini, stack_end);
}

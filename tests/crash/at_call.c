// Preloaded into squall by the crash tests: stops the process at its Nth system call that touches the host, so that the
// test can let it die exactly there, or lets the Nth one that touches a given directory fail.
//
//   AT_CALL=N            which call; 0: none, count only
//   AT_CALL_ERRNO=E      it fails with E instead of stopping the process
//   AT_CALL_UNDER=DIR    only calls on files under DIR count (":" separates several); else all that change something
//   AT_CALL_LOG=FILE     gets a line "N call path" for each that counts, "- call path" for each other
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pid_t owner;
static long chosen;
static int failure;
static char under[4096];
static int log_file = -1;
static atomic_long counted;

__attribute__((constructor)) static void begin(void) {
    const char* at = getenv("AT_CALL");
    if (at == NULL) return;
    owner = getpid();
    chosen = atol(at);
    const char* number = getenv("AT_CALL_ERRNO");
    failure = number == NULL ? 0 : atoi(number);
    const char* directories = getenv("AT_CALL_UNDER");
    snprintf(under, sizeof under, "%s", directories == NULL ? "" : directories);
    const char* log = getenv("AT_CALL_LOG");
    if (log != NULL)
        log_file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    unsetenv("LD_PRELOAD");  // the target is not to be stopped
}

static int counts(const char* path) {
    if (under[0] == '\0') return strncmp(path, "/proc/", 6) != 0 && strncmp(path, "/dev/", 5) != 0;
    for (const char* start = under; *start != '\0';) {
        const size_t length = strcspn(start, ":");
        if (length > 0 && strncmp(path, start, length) == 0) return 1;
        start += length + (start[length] == ':');
    }
    return 0;
}

/// True: the call is to fail, and errno says how.
static int due(const char* call, const char* path) {
    if (owner == 0 || getpid() != owner) return 0;  // a child before its exec is not squall
    const int counting = counts(path);
    const long number = counting ? atomic_fetch_add(&counted, 1) + 1 : 0;
    if (log_file >= 0) {
        char line[4400];
        const int length = counting ? snprintf(line, sizeof line, "%ld %s %s\n", number, call, path)
                                    : snprintf(line, sizeof line, "- %s %s\n", call, path);
        if (syscall(SYS_write, log_file, line, length) < 0) abort();
    }
    if (!counting || number != chosen) return 0;
    if (failure != 0) {
        errno = failure;
        return 1;
    }
    kill(owner, SIGSTOP);
    return 0;
}

static int due_file(const char* call, int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0 || path[0] != '/') return 0;  // a socket or a pipe
    path[length] = '\0';
    return due(call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define WRAP(type, name, failed, parameters, arguments, check) \
    type name parameters {                                     \
        return check ? failed : REAL(name) arguments;          \
    }

WRAP(ssize_t, write, -1, (int file, const void* data, size_t size), (file, data, size), due_file("write", file))
WRAP(int, fsync, -1, (int file), (file), due_file("fsync", file))
WRAP(int, fdatasync, -1, (int file), (file), due_file("fdatasync", file))
WRAP(int, ftruncate, -1, (int file, off_t size), (file, size), due_file("ftruncate", file))
WRAP(int, rename, -1, (const char* from, const char* to), (from, to), due("rename", to))
WRAP(int, unlink, -1, (const char* path), (path), due("unlink", path))
WRAP(int, mkdir, -1, (const char* path, mode_t mode), (path, mode), due("mkdir", path))
WRAP(int, rmdir, -1, (const char* path), (path), due("rmdir", path))
WRAP(int, unshare, -1, (int flags), (flags), under[0] == '\0' && due("unshare", ""))
WRAP(int, setns, -1, (int file, int type), (file, type), under[0] == '\0' && due("setns", ""))
WRAP(pid_t, fork, -1, (void), (), under[0] == '\0' && due("fork", ""))

int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = va_arg(more, mode_t);
    va_end(more);
    const int writes = (flags & O_ACCMODE) != O_RDONLY;
    return writes && due("open", path) ? -1 : REAL(open)(path, flags, mode);
}
int open64(const char* path, int flags, ...) __attribute__((alias("open")));

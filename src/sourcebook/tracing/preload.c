/* Writes down which files the processes of a story touch, also from compiled code and in child processes.
 *
 * Loaded by LD_PRELOAD. Each call appends one record to the log, with one write:
 *
 *     pid tid kind stamp path\0          stamp: mtime in ns ":" size in bytes, or "-"
 *
 *     R read      W written anew   U opened for change    M missed by open
 *     S looked at A asked in vain  L folder listed        D folder made   T named anew (rename, link)
 *     H image began   X exec   F that exec failed   Y a shell was called   N host:port   Q read in an unseen way
 *
 * The log is named by SOURCEBOOK_PRELOAD_LOG when an image begins, or later by sourcebook_preload_switch();
 * the library never asks the environment again, which other threads may be changing.
 * No allocation, no locks, raw system calls around the record: it runs after vfork and in signal handlers.
 */
#undef _FORTIFY_SOURCE /* its inline versions would stand in the way of these definitions */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifdef __linux__
#include <alloca.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 4096

static char log_path[MOST];
static char skipped[MOST]; /* prefixes, separated by ":" */
static int refuses_network;

/* --- the record ------------------------------------------------------------------------------------------- */

static int is_prefix(const char *prefix, size_t length, const char *path) {
    return length && strncmp(path, prefix, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int is_dull(const char *path) {
    static const char *const always[] = {"/usr", "/lib", "/lib64", "/proc", "/sys", "/etc", "/dev"};
    for (size_t n = 0; n < sizeof always / sizeof *always; n++)
        if (is_prefix(always[n], strlen(always[n]), path)) return strncmp(path, "/dev/shm/", 9) != 0;
    for (const char *at = skipped; *at;) {
        size_t length = strcspn(at, ":");
        if (is_prefix(at, length, path)) return 1;
        at += length + (at[length] == ':');
    }
    return strcmp(path, log_path) == 0;
}

static char *digits(char *end, unsigned long long number) {
    do *--end = (char)('0' + number % 10);
    while (number /= 10);
    return end;
}

static size_t put(char *to, unsigned long long number) {
    char text[24], *end = text + sizeof text, *begin = digits(end, number);
    memcpy(to, begin, (size_t)(end - begin));
    return (size_t)(end - begin);
}

static size_t put_head(char *to, long pid, char kind, const struct stat *found) {
    size_t at = put(to, (unsigned long long)pid);
    to[at++] = ' ';
    at += put(to + at, (unsigned long long)syscall(SYS_gettid));
    to[at++] = ' ', to[at++] = kind, to[at++] = ' ';
    if (found) {
        at += put(to + at, (unsigned long long)found->st_mtim.tv_sec * 1000000000ull + (unsigned long long)found->st_mtim.tv_nsec);
        to[at++] = ':';
        at += put(to + at, (unsigned long long)found->st_size);
    } else
        to[at++] = '-';
    to[at++] = ' ';
    return at;
}

static void append(long pid, char kind, const struct stat *found, const char *base, const char *path) {
    char head[128];
    struct iovec parts[4] = {
        {head, put_head(head, pid, kind, found)},
        {(void *)base, strlen(base)},
        {(void *)"/", *base ? 1 : 0},
        {(void *)path, strlen(path) + 1},
    };
    long log = syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
    if (log < 0) return;
    if (syscall(SYS_writev, log, parts, 4) < 0) { /* nothing to be done: the report checks the log's end */ }
    syscall(SYS_close, log);
}

/* Resolve nothing but the folder that a relative path starts from; links and ".." are for the reader. */
static void note(char kind, const struct stat *found, int folder, const char *path) {
    if (!*log_path || !path || !*path) return;
    int kept = errno;
    if (*path == '/') {
        if (!is_dull(path)) append(getpid(), kind, found, "", path);
    } else {
        char base[MOST], link[40] = "/proc/self/cwd";
        if (folder != AT_FDCWD && folder >= 0) {
            memcpy(link, "/proc/self/fd/", 14);
            link[14 + put(link + 14, (unsigned long long)folder)] = 0;
        }
        long length = syscall(SYS_readlinkat, AT_FDCWD, link, base, MOST - 1);
        base[length > 0 ? length : 0] = 0;
        if (length <= 0) append(getpid(), 'Q', 0, "", "a path relative to an unknown folder");
        else if (!is_dull(base)) append(getpid(), kind, found, base, path);
    }
    errno = kept;
}

static void note_unseen(const char *reason) {
    if (*log_path) append(getpid(), 'Q', 0, "", reason);
}

static int is_missing(void) { return errno == ENOENT || errno == ENOTDIR; }

/* --- switching -------------------------------------------------------------------------------------------- */

static void copy(char *to, const char *from) {
    size_t length = from ? strlen(from) : 0;
    if (length >= MOST) length = 0;
    memcpy(to, from ? from : "", length);
    to[length] = 0;
}

void sourcebook_preload_switch(const char *log, const char *skip, int refuse) {
    copy(log_path, log);
    copy(skipped, skip);
    refuses_network = refuse;
}

__attribute__((constructor)) static void begin(void) {
    const char *network = getenv("SOURCEBOOK_NETWORK");
    copy(skipped, getenv("SOURCEBOOK_PRELOAD_SKIP"));
    copy(log_path, getenv("SOURCEBOOK_PRELOAD_LOG"));
    refuses_network = network && strcmp(network, "refused") == 0;
    if (*log_path) append(getpid(), 'H', 0, "", program_invocation_name ? program_invocation_name : "?");
}

/* Defines a function in place of the C library's. The real one is looked up before main(), and so before any fork. */
#define WRAP(type, name, declared, passed, before, after)                                                      \
    static type(*real_##name) declared;                                                                        \
    __attribute__((constructor)) static void find_##name(void) {                                               \
        if (!real_##name) real_##name = (type(*) declared)dlsym(RTLD_NEXT, #name);                             \
    }                                                                                                          \
    type name declared {                                                                                       \
        find_##name();                                                                                         \
        before;                                                                                                \
        type result = real_##name passed;                                                                      \
        after;                                                                                                 \
        return result;                                                                                         \
    }

/* --- opening ---------------------------------------------------------------------------------------------- */

static int exists(int folder, const char *path) {
    int kept = errno;
    int found = syscall(SYS_faccessat, folder, path, F_OK) == 0;
    errno = kept;
    return found;
}

/* What an open of this kind will be called if it succeeds; asked before it, when the file may not be there yet. */
static char kind_of(int flags, int folder, const char *path) {
    int changes = (flags & O_ACCMODE) != O_RDONLY;
    if (!*log_path || !path || (flags & O_TMPFILE) == O_TMPFILE) return 0;
    if (flags & O_PATH) return 'S';
    if (flags & O_TRUNC) return 'W';
    if (flags & O_CREAT && !exists(folder, path)) return 'W';
    return changes ? 'U' : 'R';
}

static void note_open(int fd, char kind, int folder, const char *path) {
    struct stat found;
    if (!kind) return;
    int kept = errno;
    if (fd < 0) {
        if (is_missing()) note('M', 0, folder, path);
    } else if (fstat(fd, &found) == 0) {
        if (S_ISDIR(found.st_mode)) note('S', &found, folder, path);
        else if (S_ISREG(found.st_mode)) note(kind, &found, folder, path);
    }
    errno = kept;
}

#define TAKE_MODE                                                                                              \
    va_list more;                                                                                              \
    va_start(more, flags);                                                                                     \
    mode_t mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? (mode_t)va_arg(more, int) : 0;         \
    va_end(more)
#define KIND(folder) char kind = kind_of(flags, folder, path)
#define NOTE_OPEN(folder) note_open(result, kind, folder, path)
#define OPEN(name) WRAP(int, name, (const char *path, int flags, ...), (path, flags, mode), TAKE_MODE; KIND(AT_FDCWD), NOTE_OPEN(AT_FDCWD))
#define OPENAT(name) WRAP(int, name, (int at, const char *path, int flags, ...), (at, path, flags, mode), TAKE_MODE; KIND(at), NOTE_OPEN(at))
#define OPEN_2(name) WRAP(int, name, (const char *path, int flags), (path, flags), KIND(AT_FDCWD), NOTE_OPEN(AT_FDCWD))
#define OPENAT_2(name) WRAP(int, name, (int at, const char *path, int flags), (at, path, flags), KIND(at), NOTE_OPEN(at))
#define CREAT(name) WRAP(int, name, (const char *path, mode_t mode), (path, mode), char kind = 'W', NOTE_OPEN(AT_FDCWD))
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
OPEN_2(__open_2) /* what a fortified program calls when it gives no mode */
OPEN_2(__open64_2)
OPENAT_2(__openat_2)
OPENAT_2(__openat64_2)
CREAT(creat)
CREAT(creat64)

static int flags_in(const char *mode) {
    if (*mode == 'w') return O_CREAT | O_TRUNC | O_WRONLY;
    if (*mode == 'a') return O_CREAT | O_APPEND | O_WRONLY;
    return strchr(mode, '+') ? O_RDWR : O_RDONLY;
}

#define STREAM_KIND int flags = flags_in(mode); KIND(AT_FDCWD)
#define NOTE_STREAM note_open(result ? fileno(result) : -1, kind, AT_FDCWD, path)
#define FOPEN(name) WRAP(FILE *, name, (const char *path, const char *mode), (path, mode), STREAM_KIND, NOTE_STREAM)
#define FREOPEN(name) WRAP(FILE *, name, (const char *path, const char *mode, FILE *old), (path, mode, old), STREAM_KIND, NOTE_STREAM)
FOPEN(fopen)
FOPEN(fopen64)
FREOPEN(freopen)
FREOPEN(freopen64)

/* --- folders, and names for files -------------------------------------------------------------------------- */

static void note_folder(DIR *folder, int at, const char *path) {
    struct stat found;
    int kept = errno;
    if (!*log_path) return;
    if (folder && fstat(dirfd(folder), &found) == 0) note('L', &found, at, path);
    else if (!folder && is_missing()) note('M', 0, at, path);
    errno = kept;
}

WRAP(DIR *, opendir, (const char *path), (path), , note_folder(result, AT_FDCWD, path))
WRAP(DIR *, fdopendir, (int fd), (fd), , note_folder(result, fd, "."))

#define MAKE(kind, name, declared, passed, at) WRAP(int, name, declared, passed, , if (!result) note(kind, 0, at, path))

MAKE('D', mkdir, (const char *path, mode_t mode), (path, mode), AT_FDCWD)
MAKE('D', mkdirat, (int at, const char *path, mode_t mode), (at, path, mode), at)
MAKE('T', rename, (const char *old, const char *path), (old, path), AT_FDCWD)
MAKE('T', renameat, (int from, const char *old, int at, const char *path), (from, old, at, path), at)
MAKE('T', renameat2, (int from, const char *old, int at, const char *path, unsigned how), (from, old, at, path, how), at)
MAKE('T', symlink, (const char *old, const char *path), (old, path), AT_FDCWD)
MAKE('T', symlinkat, (const char *old, int at, const char *path), (old, at, path), at)

/* A second name for a file is as good as a copy: the first was read. */
static void note_link(int failed, int from, const char *old, int at, const char *path) {
    if (failed) return;
    note('R', 0, from, old);
    note('T', 0, at, path);
}

WRAP(int, link, (const char *old, const char *path), (old, path), , note_link(result, AT_FDCWD, old, AT_FDCWD, path))
WRAP(int, linkat, (int from, const char *old, int at, const char *path, int how), (from, old, at, path, how), , note_link(result, from, old, at, path))

/* --- looking ---------------------------------------------------------------------------------------------- */

static void note_look(int failed, int at, const char *path) {
    if (!*log_path) return;
    if (!failed) note('S', 0, at, path);
    else if (is_missing()) note('A', 0, at, path);
}

#define LOOK(name, declared, passed, at) WRAP(int, name, declared, passed, , note_look(result, at, path))

LOOK(stat, (const char *path, struct stat *to), (path, to), AT_FDCWD)
LOOK(stat64, (const char *path, struct stat64 *to), (path, to), AT_FDCWD)
LOOK(lstat, (const char *path, struct stat *to), (path, to), AT_FDCWD)
LOOK(lstat64, (const char *path, struct stat64 *to), (path, to), AT_FDCWD)
LOOK(fstatat, (int at, const char *path, struct stat *to, int how), (at, path, to, how), at)
LOOK(fstatat64, (int at, const char *path, struct stat64 *to, int how), (at, path, to, how), at)
LOOK(statx, (int at, const char *path, int how, unsigned mask, struct statx *to), (at, path, how, mask, to), at)
LOOK(access, (const char *path, int mode), (path, mode), AT_FDCWD)
LOOK(euidaccess, (const char *path, int mode), (path, mode), AT_FDCWD)
LOOK(eaccess, (const char *path, int mode), (path, mode), AT_FDCWD)
LOOK(faccessat, (int at, const char *path, int mode, int how), (at, path, mode, how), at)
/* what programs built for a C library before 2.33 call */
LOOK(__xstat, (int version, const char *path, struct stat *to), (version, path, to), AT_FDCWD)
LOOK(__xstat64, (int version, const char *path, struct stat64 *to), (version, path, to), AT_FDCWD)
LOOK(__lxstat, (int version, const char *path, struct stat *to), (version, path, to), AT_FDCWD)
LOOK(__lxstat64, (int version, const char *path, struct stat64 *to), (version, path, to), AT_FDCWD)
LOOK(__fxstatat, (int version, int at, const char *path, struct stat *to, int how), (version, at, path, to, how), at)
LOOK(__fxstatat64, (int version, int at, const char *path, struct stat64 *to, int how), (version, at, path, to, how), at)

/* The C library walks folders inside these, where nobody can watch. */
#define UNSEEN(type, name, declared, passed) WRAP(type, name, declared, passed, note_unseen("a program called " #name), )

UNSEEN(int, glob, (const char *a, int b, void *c, void *d), (a, b, c, d))
UNSEEN(int, glob64, (const char *a, int b, void *c, void *d), (a, b, c, d))
UNSEEN(int, ftw, (const char *a, void *b, int c), (a, b, c))
UNSEEN(int, ftw64, (const char *a, void *b, int c), (a, b, c))
UNSEEN(int, nftw, (const char *a, void *b, int c, int d), (a, b, c, d))
UNSEEN(int, nftw64, (const char *a, void *b, int c, int d), (a, b, c, d))
UNSEEN(void *, fts_open, (char *const *a, int b, void *c), (a, b, c))
UNSEEN(void *, fts64_open, (char *const *a, int b, void *c), (a, b, c))
UNSEEN(int, scandir, (const char *a, struct dirent ***b, int (*c)(const struct dirent *), int (*d)(const struct dirent **, const struct dirent **)), (a, b, c, d))
UNSEEN(int, scandir64, (const char *a, struct dirent64 ***b, int (*c)(const struct dirent64 *), int (*d)(const struct dirent64 **, const struct dirent64 **)), (a, b, c, d))
UNSEEN(int, wordexp, (const char *a, void *b, int c), (a, b, c))

/* --- other programs --------------------------------------------------------------------------------------- */

static void note_program(long pid, char kind, const char *path) {
    int kept = errno;
    if (*log_path && path) {
        if (pid != getpid() || !strchr(path, '/') || is_dull(path)) append(pid, kind, 0, "", path);
        else note(kind, 0, AT_FDCWD, path);
    }
    errno = kept;
}

#define EXEC(name, declared, passed, path) WRAP(int, name, declared, passed, note_program(getpid(), 'X', path), note_program(getpid(), 'F', path))

EXEC(execve, (const char *path, char *const argv[], char *const env[]), (path, argv, env), path)
EXEC(execv, (const char *path, char *const argv[]), (path, argv), path)
EXEC(execvp, (const char *path, char *const argv[]), (path, argv), path)
EXEC(execvpe, (const char *path, char *const argv[], char *const env[]), (path, argv, env), path)
EXEC(fexecve, (int fd, char *const argv[], char *const env[]), (fd, argv, env), "fexecve")

#define EXECL(name, call, environment)                                                                         \
    int name(const char *path, const char *first, ...) {                                                       \
        size_t count = 1;                                                                                      \
        va_list more;                                                                                          \
        va_start(more, first);                                                                                 \
        for (const char *one = first; one; one = va_arg(more, const char *)) count++;                          \
        va_end(more);                                                                                          \
        const char **argv = alloca(count * sizeof *argv);                                                      \
        argv[0] = first;                                                                                       \
        va_start(more, first);                                                                                 \
        for (size_t n = 1; n < count; n++) argv[n] = va_arg(more, const char *);                               \
        char *const *env = environment;                                                                        \
        va_end(more);                                                                                          \
        return call(path, (char *const *)argv, env);                                                           \
    }

EXECL(execl, execve, environ)
EXECL(execlp, execvpe, environ)
EXECL(execle, execve, va_arg(more, char *const *))

#define SPAWN(name)                                                                                            \
    WRAP(int, name,                                                                                            \
         (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,                            \
          const posix_spawnattr_t *attributes, char *const argv[], char *const env[]),                         \
         (to, path, actions, attributes, argv, env), pid_t own; pid_t *to = pid ? pid : &own,                  \
         if (!result) note_program(*to, 'X', path))

SPAWN(posix_spawn)
SPAWN(posix_spawnp)
WRAP(int, system, (const char *command), (command), if (command) note_program(getpid(), 'Y', "/bin/sh"), )
WRAP(FILE *, popen, (const char *command, const char *mode), (command, mode), , if (result) note_program(getpid(), 'Y', "/bin/sh"))

/* --- network ---------------------------------------------------------------------------------------------- */

/* Note a peer on another machine or this one; say whether it must be refused: this machine never is. */
static int is_refused(const struct sockaddr *peer) {
    char name[INET6_ADDRSTRLEN + 16];
    int port, is_near;
    if (!*log_path || !peer || (peer->sa_family != AF_INET && peer->sa_family != AF_INET6)) return 0;
    int kept = errno;
    if (peer->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)peer;
        inet_ntop(AF_INET, &four->sin_addr, name, INET6_ADDRSTRLEN);
        port = ntohs(four->sin_port), is_near = (ntohl(four->sin_addr.s_addr) >> 24) == 127;
    } else {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)peer;
        inet_ntop(AF_INET6, &six->sin6_addr, name, INET6_ADDRSTRLEN);
        port = ntohs(six->sin6_port), is_near = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) ||
            (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) && six->sin6_addr.s6_addr[12] == 127);
    }
    size_t length = strlen(name);
    name[length++] = ':';
    name[length + put(name + length, (unsigned long long)port)] = 0;
    append(getpid(), 'N', 0, "", name);
    errno = kept;
    return refuses_network && !is_near;
}

#define REFUSE                                                                                                 \
    if (is_refused(peer)) {                                                                                    \
        errno = EACCES;                                                                                        \
        return -1;                                                                                             \
    }

WRAP(int, connect, (int fd, const struct sockaddr *peer, socklen_t length), (fd, peer, length), REFUSE, )
WRAP(ssize_t, sendto, (int fd, const void *data, size_t size, int how, const struct sockaddr *peer, socklen_t length), (fd, data, size, how, peer, length), REFUSE, )
#endif

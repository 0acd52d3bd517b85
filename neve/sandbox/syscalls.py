"""Which system calls a program inside the sandbox may make, by number, on x86_64 and aarch64.

One table, by purpose: `name number-on-x86_64 number-on-aarch64`, "-" where an architecture has no such call.
What is not here is refused, so a call that a new kernel brings is refused too until somebody has thought
about it. That is the trade-off against a list of forbidden calls: an odd program may be refused something
harmless.

What a Python program with numpy, pandas or matplotlib needs is here. What is left out, and why: user
namespaces, mounts, ptrace and its kin, io_uring, keys, bpf, perf events, userfaultfd, modules and clocks are
ways to the kernel or to others; memfd_create and System V and POSIX queues and shared memory hold memory
that no limit on a process counts; setpriority and the schedulers' setters, sync and quotas press on
neighbours; sockets lead out.

Sources: the kernel's arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h; the
reasons in syscalls(2), and in the documentation of Docker's default profile and of systemd's
SystemCallFilter=.
"""

from __future__ import annotations

ARCHITECTURES = ("x86_64", "aarch64")
NEWEST = 462
"""The newest call that was thought about; one beyond it gets ENOSYS, as on a kernel that lacks it."""

_TABLE = {
    "memory": """
        brk 12 214; mmap 9 222; munmap 11 215; mprotect 10 226; mremap 25 216; madvise 28 233; mseal 462 462
        msync 26 227; mlock 149 228; munlock 150 229; mlock2 325 284; get_mempolicy 239 236
        membarrier 324 283; pkey_alloc 330 289; pkey_free 331 290; pkey_mprotect 329 288
    """,
    "files": """
        read 0 63; write 1 64; open 2 -; openat 257 56; openat2 437 437; creat 85 -; close 3 57
        close_range 436 436; lseek 8 62; readv 19 65; writev 20 66; pread64 17 67; pwrite64 18 68
        preadv 295 69; pwritev 296 70; preadv2 327 286; pwritev2 328 287; stat 4 -; fstat 5 80
        lstat 6 -; newfstatat 262 79; statx 332 291; statfs 137 43; fstatfs 138 44; access 21 -
        faccessat 269 48; faccessat2 439 439; getdents 78 -; getdents64 217 61; getcwd 79 17
        chdir 80 49; fchdir 81 50; readlink 89 -; readlinkat 267 78; rename 82 -; renameat 264 38
        renameat2 316 276; mkdir 83 -; mkdirat 258 34; rmdir 84 -; unlink 87 -; unlinkat 263 35
        link 86 -; linkat 265 37; symlink 88 -; symlinkat 266 36; truncate 76 45; ftruncate 77 46
        fallocate 285 47; umask 95 166; fsync 74 82; fdatasync 75 83; flock 73 32; fadvise64 221 223
        readahead 187 213; sendfile 40 71; copy_file_range 326 285; dup 32 23; dup2 33 -; dup3 292 24
        getxattr 191 8; lgetxattr 192 9; fgetxattr 193 10; listxattr 194 11; llistxattr 195 12
        flistxattr 196 13
    """,
    "metadata": """
        mknod 133 -; mknodat 259 33; chmod 90 -; fchmod 91 52; fchmodat 268 53; fchmodat2 452 452; chown 92 -
        fchown 93 55; lchown 94 -; fchownat 260 54; utime 132 -; utimes 235 -; utimensat 280 88
        futimesat 261 -; setxattr 188 5; lsetxattr 189 6; fsetxattr 190 7; removexattr 197 14
        lremovexattr 198 15; fremovexattr 199 16
    """,
    "waiting": """
        pipe 22 -; pipe2 293 59; poll 7 -; ppoll 271 73; select 23 -; pselect6 270 72
        epoll_create 213 -; epoll_create1 291 20; epoll_ctl 233 21; epoll_wait 232 -
        epoll_pwait 281 22; epoll_pwait2 441 441; eventfd 284 -; eventfd2 290 19; signalfd 282 -
        signalfd4 289 74; timerfd_create 283 85; timerfd_settime 286 86; timerfd_gettime 287 87
        nanosleep 35 101; clock_nanosleep 230 115; pause 34 -; futex 202 98; futex_waitv 449 449
        futex_wake 454 454; futex_wait 455 455; futex_requeue 456 456
        sendto 44 206; recvfrom 45 207; sendmsg 46 211; recvmsg 47 212; sendmmsg 307 269
        recvmmsg 299 243; shutdown 48 210; getsockopt 55 209; setsockopt 54 208; getsockname 51 204
        getpeername 52 205
    """,
    "time": """
        time 201 -; gettimeofday 96 169; clock_gettime 228 113; clock_getres 229 114; alarm 37 -
        getitimer 36 102; setitimer 38 103; timer_create 222 107; timer_settime 223 110
        timer_gettime 224 108; timer_getoverrun 225 109; timer_delete 226 111; times 100 153
        getrusage 98 165
    """,
    "processes": """
        fork 57 -; vfork 58 -; execve 59 221; exit 60 93; exit_group 231 94; wait4 61 260
        waitid 247 95; pidfd_open 434 434; set_tid_address 218 96; set_robust_list 273 99; rseq 334 293
        gettid 186 178; getpid 39 172; getppid 110 173; getpgid 121 155; getpgrp 111 -; getsid 124 156
        getpriority 140 141; sched_yield 24 124; sched_getaffinity 204 123; sched_getparam 143 121
        sched_getscheduler 145 120; sched_get_priority_max 146 125; sched_get_priority_min 147 126
        sched_getattr 315 275; getcpu 309 168; arch_prctl 158 -; restart_syscall 219 128
    """,
    "identity": """
        getuid 102 174; geteuid 107 175; getgid 104 176; getegid 108 177; getresuid 118 148
        getresgid 120 150; getgroups 115 158; capget 125 90; uname 63 160; sysinfo 99 179
        getrlimit 97 163; setrlimit 160 164; getrandom 318 278
    """,
    "signals": """
        rt_sigaction 13 134; rt_sigprocmask 14 135; rt_sigreturn 15 139; rt_sigpending 127 136
        rt_sigtimedwait 128 137; rt_sigsuspend 130 133; sigaltstack 131 132
    """,
    "signalling": """
        kill 62 129; tkill 200 130; tgkill 234 131; rt_sigqueueinfo 129 138; rt_tgsigqueueinfo 297 240
        pidfd_send_signal 424 424
    """,
    "groups": "setsid 112 157; setpgid 109 154",
    "drop": "setgroups 116 159; setresuid 117 147; setresgid 119 149",
    "checked": """
        clone 56 220; clone3 435 435; socketpair 53 199; prctl 157 167; ioctl 16 29; fcntl 72 25
        prlimit64 302 261; sched_setaffinity 203 122
    """,
}
"""All but "checked" are for seccomp.py to allow or not, by group; those it allows by their arguments."""


def numbers(group: str, architecture: str) -> dict[str, int]:
    """The calls of a group that an architecture has, with their numbers."""
    column = 1 + ARCHITECTURES.index(architecture)
    rows = [row.split() for line in _TABLE[group].splitlines() for row in line.split(";") if row.strip()]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}

"""Programs that mean harm, by name: data for test_attacks.py, read from this file's text by its path.

Each tries ways out; `way(name, call)` notes one that was open, and the last line prints "held" if none was. What else
must hold is in `EXPECTED`: the status, or by tier; the rest ends "ok" with "held".
"""

import platform

PREAMBLE = """
import ctypes, errno, os, sys
libc = ctypes.CDLL(None, use_errno=True)
open_ways = []
def way(name, call):
    try:
        value = call()
    except (OSError, ValueError, ImportError, MemoryError, RuntimeError):
        return
    open_ways.append((name, value))
def raw(number, *arguments):
    given = [ctypes.c_long(part) if isinstance(part, int) else part for part in arguments]
    result = libc.syscall(ctypes.c_long(number), *given)
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result
def refused(name, number, *arguments):
    # By the filter, that is: another reason would leave the way open for better arguments.
    try:
        open_ways.append((name, raw(number, *arguments)))
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOSYS):
            open_ways.append((name, error.errno))
def held():
    print(open_ways or "held")
buffer = ctypes.create_string_buffer(4096)
"""

NUMBERS = {
    "x86_64": {
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "pidfd_getfd": 438, "kcmp": 312,
        "unshare": 272, "clone": 56, "clone3": 435, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155,
        "chroot": 161, "fsopen": 430, "open_tree": 428, "move_mount": 429, "mount_setattr": 442, "io_uring_setup": 425,
        "add_key": 248, "request_key": 249, "keyctl": 250, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323,
        "memfd_create": 319, "memfd_secret": 447, "execveat": 322, "shmget": 29, "msgget": 68, "semget": 64,
        "mq_open": 240, "setpriority": 141, "sched_setscheduler": 144, "sched_setattr": 314, "ioprio_set": 251,
        "reboot": 169, "init_module": 175, "finit_module": 313, "kexec_load": 246, "clock_settime": 227,
        "settimeofday": 164, "sethostname": 170, "swapon": 167, "acct": 163, "syslog": 103, "quotactl": 179, "sync": 162,
        "open_by_handle_at": 304, "name_to_handle_at": 303, "fanotify_init": 300, "personality": 135,
        "socket": 41, "bind": 49, "connect": 42, "seccomp": 317, "vmsplice": 278, "io_setup": 206, "landlock": 444,
    },
    "aarch64": {
        "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "pidfd_getfd": 438, "kcmp": 272,
        "unshare": 97, "clone": 220, "clone3": 435, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41,
        "chroot": 51, "fsopen": 430, "open_tree": 428, "move_mount": 429, "mount_setattr": 442, "io_uring_setup": 425,
        "add_key": 217, "request_key": 218, "keyctl": 219, "bpf": 280, "perf_event_open": 241, "userfaultfd": 282,
        "memfd_create": 279, "memfd_secret": 447, "execveat": 281, "shmget": 194, "msgget": 186, "semget": 190,
        "mq_open": 180, "setpriority": 140, "sched_setscheduler": 119, "sched_setattr": 274, "ioprio_set": 30,
        "reboot": 142, "init_module": 105, "finit_module": 273, "kexec_load": 104, "clock_settime": 112,
        "settimeofday": 170, "sethostname": 161, "swapon": 224, "acct": 89, "syslog": 116, "quotactl": 60, "sync": 81,
        "open_by_handle_at": 265, "name_to_handle_at": 264, "fanotify_init": 262, "personality": 92,
        "socket": 198, "bind": 200, "connect": 203, "seccomp": 277, "vmsplice": 75, "io_setup": 0, "landlock": 444,
    },
}[platform.machine()]  # fmt: skip
"""The kernel's numbers of calls that no program may make."""

ATTACKS = {
    # --- too much of something ---
    "fork bomb": """
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
    "memory bomb": """
hoard = []
try:
    while True:
        hoard.append(bytearray(1 << 20))
except MemoryError:
    if len(hoard) >= 256:
        open_ways.append(len(hoard))
    del hoard
held()
""",
    "memory bomb over many processes": """
import time
for _ in range(5):
    if os.fork() == 0:
        break
hoard = [bytes(range(256)) * 4096 for _ in range(150)]
time.sleep(100)
""",
    "disk bomb": """
written = 0
try:
    for k in range(1000):
        with open(f"/tmp/{k}", "wb") as handle:
            handle.write(b"x" * (4 << 20))
        written += 4 << 20
except OSError:
    pass
if written > 64 << 20:
    open_ways.append(written)
held()
""",
    "one long file": """
def longer():
    with open("/tmp/long", "wb") as handle:
        os.truncate("/tmp/long", 33 << 20)
way("truncate", longer)
held()
""",
    "many small files": """
try:
    k = 0
    while True:
        os.mknod(f"/tmp/{k}")
        k += 1
except OSError:
    held()
""",
    "flood of stdout": "while True: sys.stdout.write('y' * 65536)",
    "flood of stderr": "while True: sys.stderr.write('y' * 65536)",
    "one endless line": "os.write(1, b'x' * (100 << 20))",
    "thread flood": """
import threading, time
threading.stack_size(65536)
count = 0
try:
    while count < 500:
        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
        count += 1
except RuntimeError:
    if count < 8:
        held()
        sys.stdout.flush()
        os._exit(0)
time.sleep(100)
""",
    "pipes as memory": """
import fcntl
reader, writer = os.pipe()
way("wider pipe", lambda: fcntl.fcntl(writer, 1031, 1 << 20))
pairs = 0
try:
    while True:
        os.pipe(); pairs += 1
except OSError:
    if pairs > 32:
        open_ways.append(pairs)
held()
""",
    "memory that no limit counts": """
refused("memfd", N["memfd_create"], b"x", 0)
refused("memfd_secret", N["memfd_secret"], 0)
refused("shmget", N["shmget"], 0, 1 << 20, 0o1600)
refused("msgget", N["msgget"], 0, 0o1600)
refused("semget", N["semget"], 0, 1, 0o1600)
refused("mq_open", N["mq_open"], b"neve", 0o102, 0o600, None)
held()
""",
    "priority and schedulers": """
parameter = ctypes.c_int(50)
way("nice", lambda: os.nice(-5))
refused("setpriority", N["setpriority"], 0, <PARENT>, 19)
refused("scheduler", N["sched_setscheduler"], 0, 1, ctypes.byref(parameter))
refused("sched_setattr", N["sched_setattr"], 0, buffer, 0)
refused("ioprio", N["ioprio_set"], 1, 0, 1 << 13)
way("affinity of another", lambda: os.sched_setaffinity(<PARENT>, {0}))
held()
""",
    "own limits": """
import resource
for name in ("AS", "CPU", "NPROC", "NOFILE", "FSIZE", "CORE", "STACK", "MEMLOCK", "MSGQUEUE"):
    which = getattr(resource, "RLIMIT_" + name)
    soft, hard = resource.getrlimit(which)
    if hard == resource.RLIM_INFINITY:
        open_ways.append(name)
    way(name, lambda: resource.setrlimit(which, (hard + 1, hard + 1)))
way("of another", lambda: resource.prlimit(<PARENT>, resource.RLIMIT_CPU))
held()
""",
    # --- time ---
    "sleeping forever": "import time\ntime.sleep(1000)",
    "spinning forever": "while True: pass",
    "deaf to signals": """
import signal, time
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
time.sleep(1000)
""",
    "outputs closed, living on": "import time\nos.close(1); os.close(2); time.sleep(1000)",
    "a pipe that nobody reads": "reader, writer = os.pipe()\nwhile True: os.write(writer, b'x' * 65536)",
    "daemon that outlives": """
import time
if os.fork() == 0:
    for leave in (os.setsid, os.setpgrp):
        try:
            leave()
        except OSError:
            pass
    if os.fork() == 0:
        for descriptor in range(3):
            os.close(descriptor)
        time.sleep(1000)
    os._exit(0)
os.wait()
held()
""",
    "daemon that outlives a timeout": """
import time
if os.fork() == 0:
    try:
        os.setsid()
    except OSError:
        pass
    if os.fork():
        os._exit(0)
time.sleep(1000)
""",
    # --- the network ---
    "TCP": """
import socket
way("python", lambda: socket.create_connection(("127.0.0.1", <TCP>), 2))
refused("socket", N["socket"], 2, 1, 0)
refused("socket 6", N["socket"], 10, 1, 0)
held()
""",
    "UDP": """
import socket
way("python", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", <UDP>)))
refused("socket", N["socket"], 2, 2, 0)
held()
""",
    "abstract and named sockets": """
import socket
for address in ("\\0<ABSTRACT>", "<HOME>/socket"):
    for kind, suffix in ((socket.SOCK_STREAM, ""), (socket.SOCK_DGRAM, "-datagrams")):
        way(address, lambda: socket.socket(socket.AF_UNIX, kind).connect(address + suffix))
refused("socket", N["socket"], 1, 1, 0)
a, b = socket.socketpair()
a.send(b"x")
assert b.recv(1) == b"x"
for address in ("\\0<ABSTRACT>", "<HOME>/socket"):
    way("by a pair", lambda: a.sendto(b"x", address))
    way("by a pair", lambda: a.connect(address))
held()
""",
    "datagrams from a pair of sockets": """
import socket
for kind in (socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC):
    way("pair", lambda: socket.socketpair(socket.AF_UNIX, kind))
held()
""",
    "netlink, packets and raw sockets": """
refused("netlink", N["socket"], 16, 3, 0)
refused("packet", N["socket"], 17, 3, 0)
refused("raw", N["socket"], 2, 3, 1)
refused("vsock", N["socket"], 40, 1, 0)
refused("alg", N["socket"], 38, 5, 0)
held()
""",
    # --- files ---
    "home and environment": """
if "secret" in str(dict(os.environ)):
    open_ways.append("environment")
for path in ("<HOME>/secret", "/etc/shadow", "/etc/passwd", "/root/.bashrc", "/proc/<PARENT>/environ", "/proc/self/environ"):
    way(path, lambda: open(path).read())
for path in ("<HOME>", "/home", "/root/.ssh", "/proc", "/sys", "/var", "/run", "/proc/self/fd", "/dev/shm"):
    way(path, lambda: os.listdir(path))
held()
""",
    "writing outside": """
for path in ("/x", "/usr/lib/x", "/dev/x", "/dev/shm/x", "/etc/x", "/root/x", "/var/tmp/x", "/program.py", "<HOME>/x",
             "<HOME>/secret", os.__file__, sys.executable):
    way(path, lambda: open(path, "a").close())
    way(path + " unlinked", lambda: os.unlink(path))
    way(path + " renamed", lambda: os.rename(path, "/tmp/stolen"))
    way(path + " linked", lambda: os.link(path, "/tmp/linked"))
    way(path + " cut", lambda: os.truncate(path, 0))
for path in ("/d", "<HOME>/d", "/usr/lib/d", "/dev/d"):
    way(path, lambda: os.mkdir(path))
    way(path, lambda: os.symlink("/", path))
    way(path, lambda: os.mkfifo(path))
held()
""",
    "modes, owners, times and attributes": """
for path in ("<HOME>/secret", "<HOME>", os.__file__, sys.executable, "/usr/lib", "/dev/null"):
    way(path, lambda: os.chmod(path, 0o777))
    way(path, lambda: os.chown(path, os.getuid(), -1))
    way(path, lambda: os.utime(path, (0, 0)))
    way(path, lambda: os.setxattr(path, "user.neve", b"x"))
descriptor = os.open(os.__file__, os.O_RDONLY)
way("fchmod", lambda: os.fchmod(descriptor, 0o777))
way("futimes", lambda: os.utime(descriptor, (0, 0)))
held()
""",
    "symbolic links": """
for name, target in (("secret", "<HOME>/secret"), ("root", "/proc/1/root"), ("up", "../" * 20 + "<HOME>/secret")):
    try:
        os.symlink(target, f"/tmp/{name}")
    except OSError:
        continue
    way(name, lambda: open(f"/tmp/{name}").read())
    way(name, lambda: open(f"/tmp/{name}", "a").close())
    way(name, lambda: os.listdir(f"/tmp/{name}"))
held()
""",
    "proc": """
for path in ("/proc/1/root/etc/passwd", "/proc/self/root/etc/passwd", "/proc/<PARENT>/root/etc/passwd", "/proc/self/mem",
             "/proc/<PARENT>/exe", "/proc/<PARENT>/mem", "/proc/self/maps", "/proc/<PARENT>/cwd/x", "/proc/self/status",
             "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/kcore", "/sys/kernel/uevent_helper"):
    way(path, lambda: open(path, "rb").read(1))
    way(path + " written", lambda: open(path, "r+b").write(b"x"))
way("itself", lambda: open("/proc/self/exe", "r+b"))
held()
""",
    "devices": """
for path in ("/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/kvm", "/dev/tty", "/dev/ptmx", "/dev/fuse", "/dev/net/tun"):
    way(path, lambda: os.open(path, os.O_RDONLY))
    way(path, lambda: os.open(path, os.O_WRONLY))
for folder in ("/tmp", "/dev", "/"):
    way(folder, lambda: os.mknod(folder + "/device", 0o20666, os.makedev(1, 1)))
held()
""",
    "handles of files": """
refused("name_to_handle_at", N["name_to_handle_at"], -100, b"/usr", buffer, buffer, 0)
refused("open_by_handle_at", N["open_by_handle_at"], 0, buffer, 0)
refused("fanotify", N["fanotify_init"], 0, 0)
held()
""",
    "files left behind": """
for path in ("/tmp/left", "/left", "/usr/lib/left"):
    try:
        open(path, "w").write("x")
    except OSError:
        pass
held()
""",
    "descriptors of the parent": """
for descriptor in range(3, 4096):
    way(descriptor, lambda: os.fstat(descriptor))
held()
""",
    # --- other processes ---
    "killing the parent and the neighbours": """
import signal
nearby = [<PARENT>, *range(<PARENT> - 5, <PARENT> + 20), *range(os.getpid() - 40, os.getpid() + 40)]
for pid in nearby:
    if pid > 2 and pid != os.getpid():
        way(pid, lambda: os.kill(pid, signal.SIGKILL))
        way(pid, lambda: signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGKILL))
for pid in (-1, -<PARENT>):
    try:
        os.kill(pid, signal.SIGUSR1 if pid == -1 else signal.SIGKILL)
    except OSError:
        pass
held()
""",
    "signals by ownership of a file": """
import fcntl, signal
reader, writer = os.pipe()
way("F_SETOWN", lambda: fcntl.fcntl(reader, fcntl.F_SETOWN, <PARENT>))
way("F_SETSIG", lambda: fcntl.fcntl(reader, 10, signal.SIGKILL))
held()
""",
    "ptrace and its kin": """
class Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))
local = Vector(ctypes.addressof(buffer), 8)
refused("traceme", N["ptrace"], 0, 0, 0, 0)
refused("seize", N["ptrace"], 0x4206, <PARENT>, 0, 0)
refused("read", N["process_vm_readv"], os.getpid(), ctypes.byref(local), 1, ctypes.byref(local), 1, 0)
refused("write", N["process_vm_writev"], os.getpid(), ctypes.byref(local), 1, ctypes.byref(local), 1, 0)
refused("pidfd_getfd", N["pidfd_getfd"], os.pidfd_open(os.getpid()), 0, 0)
refused("kcmp", N["kcmp"], os.getpid(), os.getpid(), 0, 0, 0)
held()
""",
    "terminals": """
import fcntl
for descriptor in (0, 1, 2):
    for request in (0x5412, 0x541C, 0x540E):  # TIOCSTI, TIOCLINUX, TIOCSCTTY
        try:
            fcntl.ioctl(descriptor, request, b"x")
            open_ways.append(request)
        except OSError as error:
            if error.errno != errno.ENOTTY:
                open_ways.append((request, error.errno))
way("tty", lambda: os.open("/dev/tty", os.O_RDWR))
way("ptmx", lambda: os.openpty())
held()
""",
    "other interpreters": """
for path in ("/bin/sh", "/bin/bash", "/usr/bin/python3", "/usr/bin/perl", "/usr/bin/env", "<HOME>/secret"):
    if os.path.realpath(path) != os.path.realpath(sys.executable):
        way(path, lambda: os.execv(path, [path]))
held()
""",
    "the same interpreter again": """
code = '''
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(39, 0, 0, 0, 0) == 1
assert libc.syscall(%d, 0x10000000) == -1 and ctypes.get_errno() == 1
try:
    open("<HOME>/secret")
except OSError:
    print("held")
''' % N["unshare"]
os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", code])
""",
    "setuid programs": """
for path in ("/bin/su", "/usr/bin/sudo", "/usr/bin/passwd", "/usr/bin/mount", "/usr/bin/newuidmap", "/usr/bin/pkexec",
             "/usr/lib/openssh/ssh-keysign", "/usr/lib/dbus-1.0/dbus-daemon-launch-helper"):
    way(path, lambda: os.execv(path, [path]))
if libc.prctl(39, 0, 0, 0, 0) != 1:  # PR_GET_NO_NEW_PRIVS
    open_ways.append("new privileges")
held()
""",
    "privileges": """
if 0 in (*os.getresuid(), *os.getresgid()) or 0 in os.getgroups():
    open_ways.append((os.getresuid(), os.getresgid(), os.getgroups()))
header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
libc.capget(header, data)
if any(data[k] for k in (0, 1, 3, 4)):  # effective and permitted; what is inheritable nothing here inherits
    open_ways.append(list(data))
for call in (os.setuid, os.seteuid, os.setgid, os.setegid):
    way(call.__name__, lambda: call(0))
way("setresuid", lambda: os.setresuid(0, 0, 0))
way("setgroups", lambda: os.setgroups([0]))
held()
""",
    "programs without a file": """
refused("memfd", N["memfd_create"], b"x", 0)
arguments = (ctypes.c_char_p * 2)(b"x", None)
refused("execveat", N["execveat"], os.open(sys.executable, os.O_RDONLY), b"", arguments, arguments, 0x1000)
held()
""",
    # --- the kernel ---
    "user namespaces": """
user = 0x10000000
class Arguments(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("rest", ctypes.c_uint64 * 10))
refused("unshare", N["unshare"], user)
refused("unshare all", N["unshare"], 0x7E020080)
for flag in (user, 0x20000, 0x40000000, user | 0x20000000, user | 0x100000000):
    refused("clone", N["clone"], flag | 17, 0, 0, 0, 0)
refused("clone3", N["clone3"], ctypes.byref(Arguments(user)), 88)
refused("setns", N["setns"], os.pidfd_open(os.getpid()), user)
held()
""",
    "mounts and roots": """
refused("mount", N["mount"], b"tmpfs", b"/tmp", b"tmpfs", 0, None)
refused("bind", N["mount"], b"/", b"/tmp", None, 0x1000, None)
refused("umount", N["umount2"], b"/tmp", 2)
refused("pivot_root", N["pivot_root"], b"/tmp", b"/tmp")
refused("chroot", N["chroot"], b"/tmp")
refused("fsopen", N["fsopen"], b"tmpfs", 0)
refused("open_tree", N["open_tree"], -100, b"/", 1)
refused("move_mount", N["move_mount"], -100, b"/tmp", -100, b"/tmp", 0)
refused("mount_setattr", N["mount_setattr"], -100, b"/tmp", 0, buffer, 32)
held()
""",
    "io_uring": """
refused("setup", N["io_uring_setup"], 4, buffer)
refused("aio", N["io_setup"], 4, buffer) if N["io_setup"] else None
held()
""",
    "keys": """
refused("add_key", N["add_key"], b"user", b"neve", b"x", 1, -3)
refused("request_key", N["request_key"], b"user", b"neve", None, -3)
refused("keyctl", N["keyctl"], 0, -3, 1)
held()
""",
    "bpf": """
refused("map", N["bpf"], 0, buffer, 72)
refused("own filter", N["seccomp"], 1, 0, buffer)
refused("landlock", N["landlock"], None, 0, 1)
held()
""",
    "perf events": 'refused("open", N["perf_event_open"], buffer, 0, -1, -1, 0)\nheld()',
    "userfaultfd": 'refused("open", N["userfaultfd"], 1)\nheld()',
    "the machine itself": """
refused("reboot", N["reboot"], 0xFEE1DEAD, 672274793, 0, None)
refused("init_module", N["init_module"], buffer, 8, b"")
refused("finit_module", N["finit_module"], 0, b"", 0)
refused("kexec", N["kexec_load"], 0, 0, None, 0)
refused("clock", N["clock_settime"], 0, buffer)
refused("settimeofday", N["settimeofday"], buffer, None)
refused("hostname", N["sethostname"], b"x", 1)
refused("swapon", N["swapon"], b"/tmp/x", 0)
refused("acct", N["acct"], None)
refused("syslog", N["syslog"], 3, buffer, 16)
refused("quotactl", N["quotactl"], 0, b"/", 0, buffer)
refused("personality", N["personality"], 0x0040000)
refused("vmsplice", N["vmsplice"], 1, buffer, 0, 0)
refused("sync", N["sync"])
held()
""",
    "calls of the x32 kind": "raw(39 | 0x40000000)\nprint('alive')",
    "32-bit calls": """
import mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid); int 0x80; ret
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
print("alive")
""",
    "a call that no kernel has": 'refused("future", 1000)\nheld()',
    # --- its own end ---
    "deep recursion": "sys.setrecursionlimit(10 ** 9)\ndef f(x): return sorted([x], key=f)\nf(0)",
    "a fault of memory": "ctypes.string_at(8)",
    "an abort, for a core file": "os.chdir('/tmp')\nos.abort()",
}

EXPECTED: dict[str, object] = {
    "fork bomb": {"timeout", "killed"},
    "memory bomb over many processes": {"killed"},
    "many small files": {"bubblewrap": {"killed"}, "landlock": {"ok"}},
    "flood of stdout": {"killed"},
    "flood of stderr": {"killed"},
    "one endless line": {"killed"},
    "thread flood": {"ok", "killed"},
    "sleeping forever": {"timeout"},
    "spinning forever": {"timeout"},
    "deaf to signals": {"timeout"},
    "outputs closed, living on": {"timeout"},
    "a pipe that nobody reads": {"timeout"},
    "daemon that outlives a timeout": {"timeout"},
    "calls of the x32 kind": {"killed"},
    "32-bit calls": {"killed"},
    "deep recursion": {"killed"},
    "a fault of memory": {"killed"},
    "an abort, for a core file": {"killed"},
}
"""How an attack may end, where it does not end "ok" with "held"."""

DETAIL = {
    "memory bomb over many processes": "memory",
    "many small files": "files",
    "flood of stdout": "output",
    "one endless line": "output",
}
"""What the sandbox must say of one that it killed."""

"""Runs first inside the sandbox, as trusted code: takes on the limits and the walls, then runs the program.

This file goes to the interpreter as text: standard library only, and little of it (no typing, no enums),
since every program pays for every import. Arguments: limits ("AS=536870912,CPU=12,…"), the user id to become
(0: stay), the program (a path, or a descriptor), a folder of packages or nothing; for the tier "landlock"
also the descriptors of its ruleset and of its seccomp filter, and the seconds after which its guard ends
everything.

Where no PID namespace holds a program's processes together, a guard does: this process forks, the program
leads a process group that the filter does not let anything leave, and the guard kills that group when the
program ends, when time runs out, or when the caller dies. Orphans come to the guard, which goes when all are
gone.

Sources: landlock_restrict_self(2), seccomp(2), prctl(2), PR_SET_CHILD_SUBREAPER(2const).
"""

import os
import resource
import sys

SET_PDEATHSIG, SET_SECCOMP, SET_CHILD_SUBREAPER, SET_NO_NEW_PRIVS = 1, 22, 36, 38
FILTER = 2
LANDLOCK_RESTRICT_SELF = 446


def main() -> None:
    limits, uid, source, packages, *walls = sys.argv[1:]
    descriptor = int(source) if source.isdigit() else os.open(source, os.O_RDONLY)
    with os.fdopen(descriptor, "rb") as handle:
        text = handle.read()
    if uid != "0":
        os.setgroups([])
        os.setresgid(int(uid), int(uid), int(uid))
        os.setresuid(int(uid), int(uid), int(uid))  # drops every capability
    if walls:
        ruleset, rules, seconds = walls
        libc = library()
        part(libc, float(seconds))
    for item in limits.split(","):
        name, _, value = item.partition("=")
        resource.setrlimit(getattr(resource, "RLIMIT_" + name), (int(value), int(value)))
    if walls:
        confine(libc, int(ruleset), int(rules))
    if packages:
        sys.path.append(packages)
    sys.argv = ["/program.py"]
    module = type(sys)("__main__")  # its own, so that its classes can be pickled
    sys.modules["__main__"] = module
    exec(compile(text, "/program.py", "exec", dont_inherit=True), module.__dict__)


def library():
    """The C library, its failures raised as OSError."""
    import ctypes

    def called(result: int, _function: object, _arguments: object) -> int:
        if result < 0:
            raise OSError(ctypes.get_errno(), "the sandbox's walls do not stand")
        return result

    libc = ctypes.CDLL(None, use_errno=True)
    for function in (libc.prctl, libc.syscall):
        function.restype, function.errcheck = ctypes.c_long, called  # type: ignore[assignment]
    return libc


def part(libc, seconds: float) -> None:
    """Fork; the child returns, leader of a process group; the parent guards it and does not return."""
    import _signal as signal  # the same without its enums, which take as long as all else here

    end = {signal.SIGTERM, signal.SIGALRM}
    signal.pthread_sigmask(signal.SIG_BLOCK, end)
    libc.prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        libc.prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, end)
        return
    for descriptor in range(3):
        os.close(descriptor)  # or the caller would not see the outputs end
    libc.prctl(SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.setitimer(signal.ITIMER_REAL, seconds)

    def kill(*_: object) -> None:
        try:
            os.killpg(child, signal.SIGKILL)
        except ProcessLookupError:  # has not come as far as leading a group
            os.kill(child, signal.SIGKILL)

    for which in end:
        signal.signal(which, kill)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, end)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # unreaped, its number is nobody else's
    kill()
    _, status = os.waitpid(child, 0)
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def confine(libc, ruleset: int, rules: int) -> None:
    """Take on the Landlock ruleset and the seccomp filter that these descriptors hold, and close both."""
    import ctypes

    with os.fdopen(rules, "rb") as handle:
        program = handle.read()
    libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)

    class Filter(ctypes.Structure):  # struct sock_fprog
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))

    whole = Filter(len(program) // 8, program)
    libc.prctl(SET_SECCOMP, FILTER, ctypes.byref(whole), 0, 0)


if __name__ == "__main__":
    main()

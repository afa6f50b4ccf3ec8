"""Become another program inside limits: `python -I -S launch.py --cpu=60 … -- program arguments`. One in Python is run by
the Python that is here: `python -I launch.py … -- script.py arguments`.

An exec wrapper instead of `preexec_fn`, which is unsafe in a threaded parent. The limits outlive the exec;
the network is cut in a namespace of its own where the kernel lets us; and when the parent dies, even by
SIGKILL, the kernel ends the program too.
"""

# Started for every program we run: nothing is imported that takes longer than what it does here (`signal` is a
# quarter of its time, for the name of one number).
import ctypes
import os
import resource
import sys

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
SIGKILL = 9


def cut_network(libc: ctypes.CDLL) -> bool:
    """A fresh user and network namespace: no interface is up in it. False where the kernel refuses."""
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    maps = (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1"))
    try:
        for name, line in maps:
            with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123  (pathlib is a third of this program's time)
                file.write(line)
    except OSError:  # without the maps files are still reached, only names are lost
        pass
    return True


def lower(kind: int, value: int, *, grace: int = 0) -> None:
    """Set a limit, never above what the parent itself has; `grace` beyond it the kernel asks no more."""
    hard = resource.getrlimit(kind)[1]
    most = value + grace if hard == resource.RLIM_INFINITY else min(value + grace, hard)
    resource.setrlimit(kind, (min(value, most), most))


def main() -> None:
    at = sys.argv.index("--")
    said = (word.removeprefix("--").partition("=") for word in sys.argv[1:at])
    wanted, program = {name: int(value) for name, _, value in said}, sys.argv[at + 1 :]
    libc = ctypes.CDLL(None, use_errno=True)
    cut_network(libc)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, SIGKILL)
    if os.getppid() != wanted["parent"]:
        sys.exit("the parent is gone")
    os.nice(wanted["nice"])
    os.umask(0o077)
    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_NOFILE, wanted["open-files"])
    lower(resource.RLIMIT_FSIZE, wanted["file"])
    lower(resource.RLIMIT_CPU, wanted["cpu"], grace=10)
    lower(resource.RLIMIT_AS, wanted["memory"])
    if not program[0].endswith(".py"):
        os.execv(program[0], program)
    sys.argv = program
    with open(program[0], "rb") as script:  # noqa: PTH123
        exec(compile(script.read(), program[0], "exec"), {"__name__": "__main__", "__file__": program[0]})


if __name__ == "__main__":
    main()

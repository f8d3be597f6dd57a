"""Processes seen from outside: children, CPU time, ends."""

import time
from collections.abc import Iterable

import psutil


def family(pid: int) -> list[psutil.Process]:
    """A process and all it started; empty when it has ended."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def named(path: str) -> list[psutil.Process]:
    """Every living process that was started by this path, whoever its parent is now."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cmdline()[:1] == [path] and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    """CPU time used so far, user and system, children that ended included."""
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def cores_used(pid: int, seconds: float) -> float:
    """The part of one core that a process and its children use, over so many seconds."""
    before, started = cpu_seconds(family(pid)), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(family(pid)) - before) / (time.monotonic() - started)


def memory(processes: Iterable[psutil.Process]) -> float:
    """Memory in MB; pages that several processes share are counted once (PSS)."""
    total = 0
    for process in processes:
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total / 1e6

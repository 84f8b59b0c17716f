"""Keeps freed memory in the process, where the C library can be told to."""

import ctypes

# options of mallopt(3), from malloc.h of glibc
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
KEPT_BYTES = 64 * 2**20  # free memory at the top of the heap that is kept
MAPPED_FROM_BYTES = 32 * 2**20  # larger pieces are given back at once; the most that glibc accepts


def keep_freed_memory() -> bool:
    """Let the next call have the memory of the last one instead of fresh pages from the kernel.

    glibc gives a freed body of 128 KiB and more back at once, and the heap of a thread as soon as it
    shrinks: every call then touches new pages, a fifth of its CPU time at 1000 resources. A process
    keeps at most KEPT_BYTES more for it.

    Returns:
        Whether all options were taken; False where the C library has none of them (musl, macOS).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    options = {
        M_ARENA_MAX: 1,  # the interpreter lock lets one thread allocate at a time
        M_TRIM_THRESHOLD: KEPT_BYTES,
        M_MMAP_THRESHOLD: MAPPED_FROM_BYTES,
    }
    taken = [mallopt(option, value) for option, value in options.items()]
    return all(result == 1 for result in taken)

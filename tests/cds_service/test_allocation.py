import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
from cds_service.allocation import keep_freed_memory

def faults_of_bodies():
    bytes(2_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        bytearray(b"x") * 2_000_000
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

fresh = faults_of_bodies()
taken = keep_freed_memory()
faults_of_bodies()
print(taken, fresh, faults_of_bodies())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_the_memory_of_a_body_serves_the_next_one() -> None:
    ran = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)

    taken, fresh, kept = ran.stdout.split()
    assert taken == "True"
    assert int(kept) < int(fresh) / 10

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.patience import wait_until

_POOL = """
import os, time, multiprocessing
from concurrent.futures import ProcessPoolExecutor
from gan_augment.core.orphans import end_with
if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn, initializer=end_with, initargs=(os.getpid(),)) as pool:
        print(*{pool.submit(os.getpid).result() for _ in range(4)}, flush=True)
        pool.submit(time.sleep, 7200).result()
"""


def _runs(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_killed_pool_leaves_no_worker(tmp_path: Path) -> None:
    (tmp_path / "pool.py").write_text(_POOL)
    pool = subprocess.Popen([sys.executable, tmp_path / "pool.py"], stdout=subprocess.PIPE, text=True)
    assert pool.stdout is not None
    workers = [int(word) for word in pool.stdout.readline().split()]
    assert workers
    assert all(map(_runs, workers))
    os.kill(pool.pid, signal.SIGKILL)
    pool.wait()
    assert wait_until(lambda: not any(map(_runs, workers)))

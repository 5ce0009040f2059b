"""What servers have logged outlives their folders, so that a failed test can be looked into."""

import shutil
from pathlib import Path

from deploy.local.run_directory import RUN_DIRECTORY

SERVER_LOGS = RUN_DIRECTORY / "server-logs"


def keep_logs(folder: Path) -> None:
    """Copy the logs below a folder that is about to be removed to `SERVER_LOGS`, under the folder's own name."""
    for log in sorted(folder.rglob("*.log")):
        if log.stat().st_size == 0:
            continue
        target = SERVER_LOGS / folder.name / log.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(log, target)

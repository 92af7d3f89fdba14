"""What scripts/bench.py measures: rxlaunch alone (own.py), beside other supervisors (peers/), and boots (boots/)."""

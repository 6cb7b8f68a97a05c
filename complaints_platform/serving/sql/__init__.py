"""SQL that people write: what it may say, and running it in a process that can do nothing else."""

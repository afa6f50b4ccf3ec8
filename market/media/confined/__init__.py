"""Scripts that run as limited child processes: they touch hostile files and import nothing of market/."""

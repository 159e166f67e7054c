"""The formats of `backupgen schedule`."""

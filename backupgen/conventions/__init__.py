"""What the whole program agrees on: generated names, metrics, units. Imports nothing of backupgen, and no library."""

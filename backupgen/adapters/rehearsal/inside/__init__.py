"""Small servers, each a script of its own that runs within the enclosure and imports nothing of backupgen."""

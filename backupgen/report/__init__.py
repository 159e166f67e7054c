"""Everything that backupgen shows: a folder for each report, and in it a file for each format. Pure."""

"""What is known of other people's programs: one record for each thing that backupgen can work with."""

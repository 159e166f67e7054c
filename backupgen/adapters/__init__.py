"""The edges of the program: files, and Git. Nothing here knows what a backup is."""

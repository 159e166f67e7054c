"""The edges of the program: files, Git, sops, bcrypt. Nothing here knows what a backup is."""

"""`python -m backupgen`."""

from backupgen.cli import main

if __name__ == "__main__":
    main()

"""The commands, a module each. Importing one declares it; `app` imports all."""

"""Rendered files against rendered files: what is out of date, what changes, and what that means. Pure."""

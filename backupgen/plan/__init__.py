"""Typed facts of everything that is rendered."""

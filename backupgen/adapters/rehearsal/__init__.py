"""Runs the pods of a rendered fleet on this machine, in namespaces of its own.

Everything happens below one process of which nothing outlives the end: its children, its network, its mounts and its
files, which lie in memory. bubblewrap makes the containers. Root is not needed.
"""

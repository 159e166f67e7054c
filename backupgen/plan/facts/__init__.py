"""What is rendered, as typed facts: one unit for each file below out/. Still no YAML.

Everything is a tuple or an ordered mapping: the order here is the order in the file. Mostly named tuples: to define so
many dataclasses takes longer than to compile a small fleet.
"""

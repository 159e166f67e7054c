"""The rendered fleet as a cluster would run it, for a rehearsal: pods, environments, Job rules, stand-ins, sample data.

Input: the rendered files and the resolved fleet. Output: plain facts about what has to run, and a verdict on what did.
Never: processes, files, clocks, chance; `adapters.rehearsal` runs what is described here.
"""

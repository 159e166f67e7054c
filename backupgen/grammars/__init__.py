"""The grammars of the programs that read what backupgen renders.

A value of fleet.yaml is of the form that its key takes; whether the program at its end takes it too is another
question, and one refused word there may cost all alerts, all policies or all runs. So whatever leaves for another
program is judged here, by that program's grammar, and said in its words. `destinations` lists them all.

Input: a text, or a number that is to be written. Output: why the program would refuse it, empty if it would not; or the
text that it takes. Never: fleets, files, findings.
"""

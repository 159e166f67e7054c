"""What a judged fleet comes to: when everything runs and meets, and how one target is backed up. Pure.

Input: the document, and the context of the rules with the proof or the conflicts. Output: records that `report` shows
in every format. Never: words for people.
"""

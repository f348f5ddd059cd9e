"""Packs of paper nobody fills in: the weekly meeting's (例会材料) and the month's figures (月报), from the record.

`hiding` keeps small counts from being worked out, `rules` sorts cases and reads what a town may set, `week`
and `month` make a sheet of it (all pure); `queries` reads, `previews` shows a unit its own line first.
"""

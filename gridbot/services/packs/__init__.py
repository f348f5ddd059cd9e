"""Packs of paper nobody fills in, made from the record: a meeting's (例会材料) and a month's figures (月报).

`hiding` keeps small counts from being worked out, `rules` sorts cases and reads what a town may set, `week`
and `month` make a sheet of it; `queries` reads, `previews` shows a unit its own line first.
"""

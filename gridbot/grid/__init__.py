"""The grid: the community's tree, its places, leaders and partner units, and the groups bound to it.

rules        pure: who is responsible, in which order; what an invitation is worth
queries      reads (tree, settings, checkup beside it): who may do what where, who is reached in which chat
actions      the only writers (binding, people, appointments, importing), to be imported from there
directory    the directory (名单) as plain values; directory_files reads and writes it: YAML (directory_yaml)
             or a workbook (directory_xlsx, sheets, sheet_grids, cells), both through directory_read
exporting    the tables as a directory again
"""

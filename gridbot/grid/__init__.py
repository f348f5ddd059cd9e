"""The grid: the community's tree, its places, leaders and partner units, and the groups bound to it.

rules         pure: who is responsible, in which order; what an invitation is worth
queries       reads: the tree, people, chats, settings
actions       the only writers: binding, appointing, absence
directory     the directory file (名单) as plain values, checked; directory_yaml, directory_xlsx its two forms
importing     a checked directory into the tables; exporting the way back
"""

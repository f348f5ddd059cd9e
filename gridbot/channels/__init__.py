"""One file per platform: each turns raw updates into Incoming and Outgoing into calls.

Channels know `gridbot.messages` and nothing else of the house: they are handed `accept`, a stop
event and plain settings, and they never import each other.
"""

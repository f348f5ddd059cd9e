"""The desk: one message in, the right action out. Decides; never awaits, never speaks by itself."""

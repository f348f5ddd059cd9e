"""What did this person say? Pure: text and word lists in, a reading out; no database, no network."""

"""gridbot: reads along in a residents' group, opens a case for a real report, and follows it."""

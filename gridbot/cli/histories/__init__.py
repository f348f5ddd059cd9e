"""Chat histories played through the whole desk, and what is told of them afterwards; nothing is sent."""

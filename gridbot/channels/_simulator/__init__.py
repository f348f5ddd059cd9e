"""What the simulator is made of: its cast, and the transcript of what was said."""

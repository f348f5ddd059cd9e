"""A case (立案的一件事): what was reported, who has it, and how it moves. Only `actions` writes."""

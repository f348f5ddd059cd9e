"""Stand-ins for what lies outside the house. Our own modules are never replaced."""

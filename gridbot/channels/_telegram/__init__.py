"""What would make the two Telegram files too long: `read`, `client` for the way in; the rest, out."""

"""本周回音: once a week each group reads what became of its reports, and the admins that the bot is alive.

`start` sets the timers of every community; calling it again changes nothing.
"""

from gridbot.services.echo.due import DUE, start

__all__ = ["DUE", "start"]

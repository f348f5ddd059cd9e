"""What a browser sees: the simulator's page, the console, health and figures for machines.

The pages are handed what they show (a simulator, a way to read, titles) by app; they know no settings
and no channel. Labels live in the templates, the bot's own sentences in `gridbot.texts`.
"""

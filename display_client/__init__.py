"""The lobby screen: its own process, with board pages, announcements and sound."""

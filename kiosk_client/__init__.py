"""The kiosk: its own process on the kiosk machine, with touch pages, intents and a printer."""

"""The commands of `consultas`, one file each; cli.py puts them together."""

"""The subcommands of `consultas`, a file each."""

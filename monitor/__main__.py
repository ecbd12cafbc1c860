"""`python -m monitor` is `nursery-monitor`."""

from monitor.command_line import main

main()

"""`python -m neve.cli`: the command line, where the script `neve` is not on the path."""

from neve.cli import main

main()

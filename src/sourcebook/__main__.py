"""`python -m sourcebook` is the command `sourcebook`."""

from sourcebook.cli import main

main(prog_name="sourcebook")

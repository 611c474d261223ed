"""The desk: one file per act of a newsroom."""

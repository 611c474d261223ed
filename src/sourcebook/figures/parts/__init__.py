"""Parts that make a chart plainer: labels and notes, colours by meaning, small multiples, ranges.

They take an Altair chart or a Plotly figure and give one: whatever its library offers still works on it.
"""

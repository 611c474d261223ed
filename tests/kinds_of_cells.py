"""Cells of every kind that a story may hold, to compare runners by."""

from __future__ import annotations

import re

ALLOWED = "that is allowed"
"""Ends the name of a cell that raises, and is tagged so."""

_CELLS = r"""
#: an expression
1 + 1
#: several values
a, b = 1, 'two'
a
b
#: nothing
x = 5
#: the last result
_, __, Out[1], In[1]
#: a print
print('one', end=' ')
print('two')
#: both streams
import sys
print('out')
print('err', file=sys.stderr)
print('out again')
#: a print between displays
print('before')
display(1)
print('between')
display(2)
print('after')
3
#: a warning
import warnings
warnings.warn('beware', stacklevel=1)
warnings.warn('old', UserWarning, stacklevel=1)
#: a log line
import logging
logging.getLogger('story').warning('noted')
#: a deep repr
list(range(2000))
#: an object
object()
#: a function
def double(n):
    '''Twice.'''
    return 2 * n
double
#: help
double?
#: printed help
help(double)
#: a data frame
import pandas as pd
frame = pd.DataFrame({'year': [2024, 2025], 'people': [7, 8]})
frame
#: a styled frame
frame.style.format('{:.1f}').highlight_max()
#: a series
frame.people
#: random numbers
import random, uuid
import numpy as np
random.random(), np.random.rand(), uuid.uuid4()
#: a set
{'one', 'two', 'three', 'four'}
#: a bare Altair chart
import altair as alt
alt.Chart(frame).mark_bar().encode(x='year:O', y='people:Q')
#: an interactive Altair chart
alt.Chart(frame).mark_point().encode(x='year', y='people').interactive()
#: an Altair chart with a parameter
pick = alt.selection_point()
alt.Chart(frame).mark_bar().encode(x='year:O', y='people:Q').add_params(pick).to_dict()['params']
#: a hash
hash('one'), hash(1.5)
#: a bare Plotly chart
import plotly.express as px
px.bar(frame, x='year', y='people')
#: a chart library's own id
px.bar(frame, x='year', y='people').to_html(include_plotlyjs=False)[:200]
#: what Plotly shows by itself
import plotly.io as pio
pio.renderers.default, pio.templates.default
#: a Matplotlib figure
import matplotlib.pyplot as plt
plt.plot([1, 2, 3])
plt.title('A line')
plt.show()
#: a Matplotlib figure at the end
fig, axes = plt.subplots(figsize=(2, 2))
axes.bar([1, 2], [3, 4])
#: Matplotlib as SVG
%config InlineBackend.figure_formats = ['svg']
plt.figure(figsize=(2, 2))
plt.plot([1, 2])
plt.show()
#: figure numbers
plt.get_fignums(), plt.figure().number, plt.isinteractive(), plt.close('all')
#: a backend
%matplotlib inline
#: rich displays
from IPython.display import HTML, JSON, Latex, Markdown, SVG, Math
display(HTML('<b>bold</b>'), Markdown('*it*'), Latex('$x$'), Math('x'), JSON({'a': [1, None]}))
#: an image
from IPython.display import Image
import base64
Image(base64.b64decode('iVBORw0KGgo='))
#: a rich repr
class Rich:
    def _repr_html_(self):
        return '<i>rich</i>'
    def _repr_mimebundle_(self, **more):
        shown = {'text/plain': 'rich', 'application/x-own+json': {'k': (1, 2)}}
        return shown, {'application/x-own+json': {'m': 1}}
Rich()
#: a failing repr that is caught
class Poor:
    def _repr_html_(self):
        raise NotImplementedError
Poor().__class__.__name__
#: a display id
handle = display('first', display_id='shared')
#: an update from a later cell
handle.update('second')
display('third', display_id='shared')
#: cleared output
from IPython.display import clear_output
print('gone')
clear_output()
print('stays')
#: output cleared at the next
print('gone')
clear_output(wait=True)
display('stays')
#: output cleared at the end
print('stays')
clear_output(wait=True)
#: a magic
%pwd
#: a cell magic
%%capture caught
print('caught')
#: what was captured
caught.stdout
#: a magic by call
get_ipython().run_cell_magic('writefile', 'note.txt', 'a note')
open('note.txt').read()
#: history
%history -n 1-2
#: names
%who_ls str
#: a shell line
!echo from the shell
#: a shell line's text
lines = !printf 'a\nb'
lines
#: a shell cell
%%bash
echo from bash
echo to err >&2
#: a system call
import os, time
left = os.system('echo from the system')
time.sleep(0.2)
left
#: a subprocess
import subprocess, sys, time
done = subprocess.run([sys.executable, '-c', 'print(7)'])
time.sleep(0.2)
done.returncode
#: C code
import ctypes
libc = ctypes.CDLL(None)
libc.puts(b'from C')
libc.fflush(None)
time.sleep(0.2)
#: bytes to a descriptor
written = os.write(1, 'descriptor é\n'.encode())
time.sleep(0.2)
written
#: a thread
import threading
t = threading.Thread(target=lambda: print('from a thread'))
t.start()
t.join()
#: a process
import multiprocessing as mp
with mp.get_context('fork').Pool(1) as pool:
    print(pool.map(abs, [-1, -2]))
#: an awaited value
import asyncio
await asyncio.sleep(0.01, result='slept')
#: a task
async def later():
    await asyncio.sleep(0)
    return 'done'
task = asyncio.create_task(later())
#: a task's result
await task
#: a loop in a loop
try:
    asyncio.run(later())
except RuntimeError as error:
    print(error)
#: a generator of context
import contextvars
var = contextvars.ContextVar('v', default=1)
var.set(2)
var.get()
#: input
try:
    input('name? ')
except Exception as error:
    print(type(error).__name__, error)
#: a widget
import ipywidgets
slider = ipywidgets.IntSlider(3, description='years')
slider
#: an output widget
out = ipywidgets.Output()
with out:
    print('inside')
    display(7)
out
#: an interaction
ipywidgets.interactive(lambda n: print(n), n=(1, 3))
#: progress
from IPython.display import ProgressBar
bar = ProgressBar(2)
for _ in bar: pass
#: the time magic
%%capture timed
%time sum(range(10))
#: the environment
import os
{n: os.environ.get(n) for n in ('MPLBACKEND', 'PYTHONHASHSEED', 'TERM', 'PAGER', 'FORCE_COLOR')}
#: the path
import sys
sys.path
#: the folder
os.getcwd() == os.path.realpath('.'), sorted(os.listdir())
#: the main module
import __main__, pickle
pickle.loads(pickle.dumps(double)) is double, __name__, __main__.x
#: the shell
type(get_ipython()).__module__, type(get_ipython()).__name__, 'IPKernelApp' in get_ipython().config
#: extensions
get_ipython().extension_manager.loaded
#: stdout
import sys
sys.stdout.isatty(), sys.stdout.encoding, hasattr(sys.stdout, 'buffer'), sys.stdout.writable()
#: a semicolon
1 + 1;
#: a backspaced print
print('ab\rc')
print('d\be')
#: pandas options
pd.get_option('display.max_rows'), pd.get_option('display.width')
#: numpy
np.arange(12).reshape(3, 4) / 7
#: a date
import datetime
datetime.date(2024, 1, 2)
#: a raised exception that is allowed
1 / 0
#: a syntax error that is allowed
1 +
#: an exit that is allowed
import sys
sys.exit('over')
#: an interrupt that is allowed
raise KeyboardInterrupt
#: a failing repr that is allowed
class Bad:
    def __repr__(self):
        raise ValueError('no repr')
Bad()
#: a chained exception that is allowed
try:
    {}['a']
except KeyError as e:
    raise ValueError('b') from e
#: the end
x
"""

SHOWN: dict[str, str] = {
    name: source.rstrip("\n")
    for name, source in re.findall(r"^#: (.*)\n((?:(?!#: ).*\n)*)", _CELLS, re.MULTILINE)
}
"""Cells by what is special about them; one kernel runs them all, in this order."""

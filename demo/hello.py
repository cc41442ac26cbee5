"""Says where it runs, and lets NumPy solve something."""

import sys

import numpy as np
from rich.console import Console
from rich.table import Table

matrix = np.array([[2.0, 1.0], [1.0, 3.0]])
solution = np.linalg.solve(matrix, np.array([3.0, 5.0]))
table = Table(title=f"hello from {sys.prefix}")
table.add_column("what")
table.add_column("value")
table.add_row("python", sys.version.split()[0])
table.add_row("numpy", np.__version__)
table.add_row("solution of a linear system", str(solution))
Console().print(table)

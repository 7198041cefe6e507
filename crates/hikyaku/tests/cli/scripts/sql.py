"""Changes a SQLite database behind the program's back; the statement must change something.

Arguments: the file, the statement.
"""

import sqlite3
import sys

FILE, STATEMENT = sys.argv[1:]

connection = sqlite3.connect(FILE)
with connection:
    changed = connection.execute(STATEMENT).rowcount
connection.close()
if changed < 1:
    raise AssertionError(f"nothing was changed by {STATEMENT}")

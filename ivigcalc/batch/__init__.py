"""Many patients: rows in, sessions and steps out, every row accounted for.

    rows/source -> rows/columns -> run/work -> tables/encode -> run/growing, run/folder
    (rows)         (Form)          (Plan)      (bytes)          (whole files, or none)

`run/batch` composes them, `run/workers` divides the work among processes, `run/cluster` among machines.
`rows/csv_lines` tells where a row of CSV ends, and `run/state` reads what an earlier run left.
"""

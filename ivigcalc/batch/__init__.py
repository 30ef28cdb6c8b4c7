"""Many patients: rows in, sessions and steps out, every row accounted for.

    source -> columns -> plan_many -> tables -> folder
    (rows)    (Form)     (Plan)       (bytes)   (whole files, or none)

`run` composes them; `arrow` and `cluster` put the same partitions on other machines.
"""

"""Many patients: rows in, sessions and steps out, every row accounted for.

    source -> columns -> plan_many -> tables -> folder
    (rows)    (Form)     (Plan)       (bytes)   (whole files, or none)

`run` composes them, `shares` and `workers` divide the work among processes; `arrow` and `cluster` put it on other machines.
`quotes` tells where a row of CSV ends, and `kept` reads what an earlier run left.
"""

"""The tables of a batch: from plans to lines and record batches."""

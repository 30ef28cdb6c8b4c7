"""The running of a batch: partitions, processes, folder and state."""

"""One module per face: Plan -> text or bytes. A renderer computes nothing."""

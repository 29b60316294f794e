"""What the benchmarks compare the service with; each written as its own documentation says to, and checked alike."""

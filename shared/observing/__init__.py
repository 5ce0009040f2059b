"""What a process shows of itself beside its work: log lines, gauges, traces, and the operations port.

Metrics themselves are declared in `shared.metrics`. No line, label or trace carries a secret: `hiding` sees to it.
"""

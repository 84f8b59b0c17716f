"""What operators see of the running service: figures, traces and the id that ties log lines to a call."""

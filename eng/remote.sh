# Part of ./dev: switches, streams and threads once more, with the agents on a second host (a network namespace that reaches nothing but the control plane, and lets
# nothing in from there), and 100 ms each way in between.
PILOTHOUSE_E2E_REMOTE=1 verb_test Switching

"""The simulated machine around the programs: clock, CPUs, tasks, memory, events."""

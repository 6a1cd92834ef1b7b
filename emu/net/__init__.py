"""Packets: what socket filters, classifiers and XDP programs run on, and BPF_PROG_TEST_RUN."""

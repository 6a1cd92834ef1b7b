"""What needs z3: proofs about the model, and verdicts on its rejections."""

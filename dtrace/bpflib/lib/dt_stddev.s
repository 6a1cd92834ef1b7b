; dt_stddev: made from src/stddev.c by dtrace.bpflib.build
r3 = r2
r3 s>>= 63
r4 = r2
r4 += r3
r4 ^= r3
r3 = *(u64 *)(r1 +8)
r3 += r2
r2 = *(u64 *)(r1 +0)
r2 += 1
*(u64 *)(r1 +0) = r2
*(u64 *)(r1 +8) = r3
r3 = r4
r3 >>= 32
r4 <<= 32
r4 >>= 32
r2 = r4
r2 *= r3
r4 *= r4
r6 = r2
r6 <<= 33
r0 = r6
r0 += r4
r4 = 1
r5 = 1
if r6 > r0 goto pc+1
r5 = 0
r7 = *(u64 *)(r1 +16)
r6 = r7
r6 += r0
if r7 > r6 goto pc+1
r4 = 0
*(u64 *)(r1 +16) = r6
r2 >>= 31
r3 *= r3
r2 += r3
r2 += r5
r3 = *(u64 *)(r1 +24)
r2 += r3
r2 += r4
*(u64 *)(r1 +24) = r2
r0 = 0
exit

; dt_inet_ntoa6: made from src/inet_ntoa6.c by dtrace.bpflib.build
*(u64 *)(r10 -8) = r1
r3 = *(u8 *)(r2 +1)
r0 = *(u8 *)(r2 +0)
r9 = 8
r5 = 8
r4 = 1
r6 = *(u8 *)(r2 +2)
r1 = *(u8 *)(r2 +3)
r1 |= r6
r3 |= r0
r3 &= 255
r0 = 2
if r3 == 0x0 goto pc+1
r0 = 1
r1 &= 255
r7 = 0
if r1 == 0x0 goto pc+1
r0 = 0
r3 = 2
r3 -= r0
r1 = r4
r1 -= r0
if r7 s> r1 goto pc+1
r3 = r5
r5 = r0
if r7 s> r1 goto pc+1
r5 = r4
r1 = *(u8 *)(r2 +4)
r4 = *(u8 *)(r2 +5)
r4 |= r1
r0 += 1
r4 &= 255
if r4 == 0x0 goto pc+1
r0 = 0
r1 = r5
r1 -= r0
r4 = 3
r4 -= r0
if r7 s> r1 goto pc+1
r4 = r3
r6 = r0
if r7 s> r1 goto pc+1
r6 = r5
r1 = *(u8 *)(r2 +6)
r3 = *(u8 *)(r2 +7)
r3 |= r1
r0 += 1
r3 &= 255
if r3 == 0x0 goto pc+1
r0 = 0
r1 = r6
r1 -= r0
r3 = 4
r3 -= r0
if r7 s> r1 goto pc+1
r3 = r4
r5 = r0
if r7 s> r1 goto pc+1
r5 = r6
r1 = *(u8 *)(r2 +8)
r4 = *(u8 *)(r2 +9)
r4 |= r1
r0 += 1
r4 &= 255
if r4 == 0x0 goto pc+1
r0 = 0
r1 = r5
r1 -= r0
r4 = 5
r4 -= r0
if r7 s> r1 goto pc+1
r4 = r3
r6 = r0
if r7 s> r1 goto pc+1
r6 = r5
r1 = *(u8 *)(r2 +10)
r3 = *(u8 *)(r2 +11)
r3 |= r1
r0 += 1
r3 &= 255
if r3 == 0x0 goto pc+1
r0 = 0
r1 = r6
r1 -= r0
r3 = 6
r3 -= r0
if r7 s> r1 goto pc+1
r3 = r4
r5 = r0
if r7 s> r1 goto pc+1
r5 = r6
r1 = *(u8 *)(r2 +12)
r4 = *(u8 *)(r2 +13)
r4 |= r1
r0 += 1
r4 &= 255
if r4 == 0x0 goto pc+1
r0 = 0
r1 = r5
r1 -= r0
r4 = 7
r4 -= r0
if r7 s> r1 goto pc+1
r4 = r3
r3 = r0
if r7 s> r1 goto pc+1
r3 = r5
r1 = *(u8 *)(r2 +14)
r5 = *(u8 *)(r2 +15)
r5 |= r1
r0 += 1
r5 &= 255
if r5 == 0x0 goto pc+1
r0 = 0
r9 -= r0
r1 = r3
r1 -= r0
if r7 s> r1 goto pc+1
r9 = r4
if r7 s> r1 goto pc+1
r0 = r3
r6 = *(u8 *)(r2 +0)
r1 = r6
r1 >>= 4
r6 <<= 8
r5 = r6
r5 &= 3840
r5 |= r1
r4 = *(u8 *)(r2 +1)
r7 = r4
r7 <<= 12
r7 &= 983040
r0 += r9
r6 |= r4
r1 = 1
if r6 > 0xff goto pc+1
r1 = 0
r3 = r9
r3 += -1
r8 = r0
r8 = -r8
r5 |= r7
r7 = 1
if r6 > 0xf goto pc+1
r7 = 0
r3 &= r8
r7 += r1
r4 <<= 24
r4 &= 251658240
r5 |= r4
r8 = r5
r8 += 101058054
r8 >>= 4
r8 &= 16843009
r8 *= 39
r1 = 1
if r6 > 0xfff goto pc+1
r1 = 0
r8 += r5
r7 += r1
r5 = r9
r5 ^= -1
r5 >>= 62
r5 &= 2
r1 = 0
if r1 s> r3 goto pc+2
r5 = r7
r5 += 2
r7 <<= 3
r1 = 24
r1 -= r7
r8 += 808464432
r4 = 0x3a00000000 ll
r8 |= r4
r8 >>= r1
if r3 s> 0xffffffff goto pc+1
r8 = 14906
r1 = *(u64 *)(r10 -8)
*(u64 *)(r1 +0) = r8
r0 += -1
r6 = *(u8 *)(r2 +2)
r1 = r6
r1 >>= 4
r6 <<= 8
r7 = r6
r7 &= 3840
r7 |= r1
r1 = *(u8 *)(r2 +3)
r3 = r1
r3 <<= 12
r3 &= 983040
r7 |= r3
r6 |= r1
r1 <<= 24
r1 &= 251658240
r7 |= r1
r8 = r7
r8 += 101058054
r8 >>= 4
r8 &= 16843009
r1 = 1
if r6 > 0xff goto pc+1
r1 = 0
*(u64 *)(r10 -16) = r9
r3 = r9
r3 += -2
r9 = r0
r9 = -r9
r8 *= 39
r4 = 1
if r6 > 0xf goto pc+1
r4 = 0
r3 &= r9
r8 += r7
r4 += r1
r1 = 1
if r6 > 0xfff goto pc+1
r1 = 0
r4 += r1
r1 = r4
r1 <<= 3
r6 = 24
r6 -= r1
r8 += 808464432
r1 = 0x3a00000000 ll
r8 |= r1
r8 >>= r6
r9 = *(u64 *)(r10 -16)
if r3 s> 0xffffffff goto pc+1
r8 = 14906
r1 = *(u64 *)(r10 -8)
r1 += r5
*(u64 *)(r1 +0) = r8
r1 = 0
r6 = 0
if r6 s> r3 goto pc+2
r4 += 2
r1 = r4
r4 = r9
r4 = -r4
r3 &= r4
r3 >>= 63
r3 += r5
r3 += r1
r3 &= 63
r7 = *(u8 *)(r2 +4)
r1 = r7
r1 >>= 4
r7 <<= 8
r6 = r7
r6 &= 3840
r6 |= r1
r1 = *(u8 *)(r2 +5)
r4 = r1
r4 <<= 12
r4 &= 983040
r6 |= r4
r7 |= r1
r1 <<= 24
r1 &= 251658240
r6 |= r1
r8 = r6
r8 += 101058054
r8 >>= 4
r8 &= 16843009
r1 = 1
if r7 > 0xff goto pc+1
r1 = 0
r9 += -3
r5 = 1
r5 -= r0
r8 *= 39
r4 = 1
if r7 > 0xf goto pc+1
r4 = 0
r5 &= r9
r8 += r6
r4 += r1
r1 = 1
if r7 > 0xfff goto pc+1
r1 = 0
r4 += r1
r1 = r4
r1 <<= 3
r6 = 24
r6 -= r1
r8 += 808464432
r1 = 0x3a00000000 ll
r8 |= r1
r8 >>= r6
r9 = *(u64 *)(r10 -16)
if r5 s> 0xffffffff goto pc+1
r8 = 14906
r1 = *(u64 *)(r10 -8)
r1 += r3
*(u64 *)(r1 +0) = r8
r1 = 0
r6 = 0
if r6 s> r5 goto pc+2
r4 += 2
r1 = r4
r4 = 1
r4 -= r9
r5 &= r4
r5 >>= 63
r5 += r3
r5 += r1
r5 &= 63
r7 = *(u8 *)(r2 +6)
r1 = r7
r1 >>= 4
r7 <<= 8
r6 = r7
r6 &= 3840
r6 |= r1
r1 = *(u8 *)(r2 +7)
r3 = r1
r3 <<= 12
r3 &= 983040
r6 |= r3
r7 |= r1
r1 <<= 24
r1 &= 251658240
r6 |= r1
r8 = r6
r8 += 101058054
r8 >>= 4
r8 &= 16843009
r1 = 1
if r7 > 0xff goto pc+1
r1 = 0
r9 += -4
r3 = 2
r3 -= r0
r8 *= 39
r4 = 1
if r7 > 0xf goto pc+1
r4 = 0
r3 &= r9
r8 += r6
r4 += r1
r1 = 1
if r7 > 0xfff goto pc+1
r1 = 0
r4 += r1
r1 = r4
r1 <<= 3
r6 = 24
r6 -= r1
r8 += 808464432
r1 = 0x3a00000000 ll
r8 |= r1
r8 >>= r6
r9 = *(u64 *)(r10 -16)
if r3 s> 0xffffffff goto pc+1
r8 = 14906
r1 = *(u64 *)(r10 -8)
r1 += r5
*(u64 *)(r1 +0) = r8
r7 = 2
r7 -= r9
r1 = 0
r6 = 0
if r6 s> r3 goto pc+2
r4 += 2
r1 = r4
r3 &= r7
r3 >>= 63
r3 += r5
r3 += r1
r3 &= 63
r7 = *(u8 *)(r2 +8)
r1 = r7
r1 >>= 4
r7 <<= 8
r6 = r7
r6 &= 3840
r6 |= r1
r1 = *(u8 *)(r2 +9)
r4 = r1
r4 <<= 12
r4 &= 983040
r6 |= r4
r7 |= r1
r1 <<= 24
r1 &= 251658240
r6 |= r1
r8 = r6
r8 += 101058054
r8 >>= 4
r8 &= 16843009
r1 = 1
if r7 > 0xff goto pc+1
r1 = 0
r9 += -5
r5 = 3
r5 -= r0
r8 *= 39
r4 = 1
if r7 > 0xf goto pc+1
r4 = 0
r5 &= r9
r8 += r6
r4 += r1
r1 = 1
if r7 > 0xfff goto pc+1
r1 = 0
r4 += r1
r1 = r4
r1 <<= 3
r6 = 24
r6 -= r1
r8 += 808464432
r1 = 0x3a00000000 ll
r8 |= r1
r8 >>= r6
r9 = *(u64 *)(r10 -16)
if r5 s> 0xffffffff goto pc+1
r8 = 14906
r1 = *(u64 *)(r10 -8)
r1 += r3
*(u64 *)(r1 +0) = r8
r7 = 3
r7 -= r9
r1 = 0
r6 = 0
if r6 s> r5 goto pc+2
r4 += 2
r1 = r4
r5 &= r7
r5 >>= 63
r5 += r3
r5 += r1
r5 &= 63
r7 = *(u8 *)(r2 +10)
r1 = r7
r1 >>= 4
r7 <<= 8
r6 = r7
r6 &= 3840
r6 |= r1
r1 = *(u8 *)(r2 +11)
r3 = r1
r3 <<= 12
r3 &= 983040
r6 |= r3
r7 |= r1
r1 <<= 24
r1 &= 251658240
r6 |= r1
r8 = r6
r8 += 101058054
r8 >>= 4
r8 &= 16843009
r1 = 1
if r7 > 0xff goto pc+1
r1 = 0
r9 += -6
r3 = 4
r3 -= r0
r8 *= 39
r4 = 1
if r7 > 0xf goto pc+1
r4 = 0
r3 &= r9
r8 += r6
r4 += r1
r1 = 1
if r7 > 0xfff goto pc+1
r1 = 0
r4 += r1
r1 = r4
r1 <<= 3
r6 = 24
r6 -= r1
r8 += 808464432
r1 = 0x3a00000000 ll
r8 |= r1
r8 >>= r6
r9 = *(u64 *)(r10 -16)
if r3 s> 0xffffffff goto pc+1
r8 = 14906
r1 = *(u64 *)(r10 -8)
r1 += r5
*(u64 *)(r1 +0) = r8
r7 = 4
r7 -= r9
r1 = 0
r6 = 0
if r6 s> r3 goto pc+2
r4 += 2
r1 = r4
r3 &= r7
r3 >>= 63
r3 += r5
r3 += r1
r3 &= 63
r7 = *(u8 *)(r2 +12)
r1 = r7
r1 >>= 4
r7 <<= 8
r6 = r7
r6 &= 3840
r6 |= r1
r1 = *(u8 *)(r2 +13)
r4 = r1
r4 <<= 12
r4 &= 983040
r6 |= r4
r7 |= r1
r1 <<= 24
r1 &= 251658240
r6 |= r1
r8 = r6
r8 += 101058054
r8 >>= 4
r8 &= 16843009
r1 = 1
if r7 > 0xff goto pc+1
r1 = 0
r9 += -7
r5 = 5
r5 -= r0
r8 *= 39
r4 = 1
if r7 > 0xf goto pc+1
r4 = 0
r5 &= r9
r8 += r6
r4 += r1
r1 = 1
if r7 > 0xfff goto pc+1
r1 = 0
r4 += r1
r1 = r4
r1 <<= 3
r6 = 24
r6 -= r1
r8 += 808464432
r1 = 0x3a00000000 ll
r8 |= r1
r8 >>= r6
r9 = *(u64 *)(r10 -16)
if r5 s> 0xffffffff goto pc+1
r8 = 14906
r1 = *(u64 *)(r10 -8)
r1 += r3
*(u64 *)(r1 +0) = r8
r6 = 5
r6 -= r9
r1 = 0
r8 = 0
if r8 s> r5 goto pc+2
r4 += 2
r1 = r4
r5 &= r6
r5 >>= 63
r5 += r3
r5 += r1
r5 &= 63
r3 = *(u8 *)(r2 +15)
r4 = *(u8 *)(r2 +14)
r7 = r4
r7 <<= 8
r6 = r7
r6 |= r3
r1 = 1
if r6 > 0xff goto pc+1
r1 = 0
r2 = 1
if r6 > 0xf goto pc+1
r2 = 0
r2 += r1
r4 >>= 4
r7 &= 3840
r7 |= r4
r1 = 1
if r6 > 0xfff goto pc+1
r1 = 0
r2 += r1
r1 = r3
r1 <<= 12
r1 &= 983040
r7 |= r1
r3 <<= 24
r3 &= 251658240
r7 |= r3
r1 = r9
r1 += -8
r3 = 6
r3 -= r0
r3 &= r1
r1 = r2
r1 <<= 3
r6 = 24
r6 -= r1
r4 = r7
r4 += 101058054
r4 >>= 4
r4 &= 16843009
r4 *= 39
r4 += r7
r4 += 808464432
r1 = 0x3a00000000 ll
r4 |= r1
r4 >>= r6
if r3 s> 0xffffffff goto pc+1
r4 = 14906
r1 = *(u64 *)(r10 -8)
r1 += r5
*(u64 *)(r1 +0) = r4
r4 = 6
r4 -= r9
r1 = 0
if r8 s> r3 goto pc+2
r2 += 2
r1 = r2
r3 &= r4
r3 >>= 63
r3 += r5
r3 += r1
r3 &= 63
r1 = 7
r1 -= r9
r0 += -7
r0 |= r1
r0 s>>= 63
r0 += r3
r0 &= 63
r1 = *(u64 *)(r10 -8)
r1 += r0
*(u8 *)(r1 +0) = r8
exit

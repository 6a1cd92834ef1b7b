/* What every function of the library may use. */
#ifndef BPFLIB_H
#define BPFLIB_H

typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#endif

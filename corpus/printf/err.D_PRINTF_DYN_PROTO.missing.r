-- @@stderr --
dtrace: failed to compile script err.D_PRINTF_DYN_PROTO.missing.d: [D_PRINTF_DYN_PROTO] line 9: printf( ) prototype mismatch: conversion #1 (%d) is missing a corresponding "*" argument

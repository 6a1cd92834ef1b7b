/* Kinds of rw-locks' acquisitions, arg1 of the lockstat provider's rw- probes. */

inline int RW_WRITER = 0;
inline int RW_READER = 1;

-- @@stderr --
dtrace: failed to compile script err.D_PRAGMA_OPTSET.value.d: [D_PRAGMA_OPTSET] line 7: failed to set option 'strsize' to 'many': Invalid value for specified option

-- @@stderr --
dtrace: failed to set -x ustackframes: Invalid value for specified option

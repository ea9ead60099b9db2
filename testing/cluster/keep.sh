#!/bin/sh
# Runs a program again whenever it ends, as a service manager would. Usage: keep.sh PROGRAM ARGUMENT…
while :; do
  "$@"
  echo "keep.sh: $1 ended with $?"
  sleep 0.5
done

#!/bin/sh
# What a process and its children use now, as lines of a name and a number: memory in KiB (proc(5), smaps_rollup), processor time in clock
# ticks, that of its children (also those that have ended) apart.
#
#   usage.sh PID
# Of a child that has just ended, nothing.
field() { cat "$1" 2>/dev/null | awk -v name="$2:" '$1 == name { sum += $2 } END { print sum + 0 }'; }
# utime stime cutime cstime, after the command's name, which may hold spaces.
ticks_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '{ own = $12 + $13; ended = $14 + $15 } END { print own + 0, ended + 0 }'; }
children=$(cat /proc/"$1"/task/*/children)
echo "rss $(field "/proc/$1/smaps_rollup" Rss)"
echo "private $(($(field "/proc/$1/smaps_rollup" Private_Clean) + $(field "/proc/$1/smaps_rollup" Private_Dirty)))"
echo "anonymous $(field "/proc/$1/smaps_rollup" Anonymous)"
echo "peak $(field "/proc/$1/status" VmHWM)"
of_children=0 ticks_of_children=0
for child in $children; do
  of_children=$((of_children + $(field "/proc/$child/smaps_rollup" Pss)))
  ticks_of_children=$((ticks_of_children + $(ticks_of "$child" | tr ' ' '+')))
done
echo "children $of_children"
# shellcheck disable=SC2046 # two words
set -- $(ticks_of "$1")
echo "ticks $1"
echo "ticksOfChildren $(($2 + ticks_of_children))"
echo "uptime $(cut -d' ' -f1 /proc/uptime)"

#!/bin/sh
# Sets off the kernel's events as fast as it can for so many seconds: a link comes, gets an address, and goes; a table comes and goes.
end=$(($(date +%s) + $1))
rounds=0
while [ "$(date +%s)" -lt "$end" ]; do
  ip link add name storm type bridge
  ip address add 172.31.7.1/24 dev storm
  ip link set dev storm up
  nft add table ip storm
  nft delete table ip storm
  ip link delete dev storm
  rounds=$((rounds + 1))
done
echo "$rounds"

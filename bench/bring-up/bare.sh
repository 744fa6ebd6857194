#!/bin/sh
# What is there that a bare truck doesn't have; nothing, if it is bare.
ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | grep -vxE 'lo|enp2s0|wlp3s0f0|docker0'
docker ps --all --format 'container {{.Names}}'
docker network ls --format 'network {{.Name}}' | grep -vxE 'network (bridge|host|none)'
nft list tables | grep firebreak
exit 0

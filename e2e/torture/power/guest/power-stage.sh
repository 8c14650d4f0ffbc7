#!/bin/sh
# Second stage of the power-cut guest: a real file system on a virtual disk, and the agent's journal on it.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/mnt TMPDIR=/mnt LANG=C.UTF-8
modprobe -a virtio_blk ext4
mkdir -p /mnt/disk
tries=0
while [ ! -b /dev/vda ] && [ $tries -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
# The mount replays the journal of ext4, as after any power cut.
mount -t ext4 /dev/vda /mnt/disk || echo "RIG-STOP no disk"
echo "RIG-STAGE $(cut -d' ' -f1 /proc/uptime) s: disk"
cd "$rig_repo" && "$rig_node" "$rig_entry"
echo "RIG-EXIT $?"
echo o >/proc/sysrq-trigger
# This is process 1: it must not end.
while :; do read -r _; done

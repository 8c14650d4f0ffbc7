#!/bin/sh
# Second stage, on the host's files: device nodes, drivers, then the checks, then power off.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/mnt TMPDIR=/mnt LANG=C.UTF-8
up() { cut -d' ' -f1 /proc/uptime; }
echo "RIG-STAGE $(up) s: $(uname -sr)"
mkdir -p /run/udev
/lib/systemd/systemd-udevd --daemon
# One virtual USB bus per gadget, so that printer, box and scanner can be plugged at the same time.
modprobe dummy_hcd num=3
modprobe -a xhci_pci usbhid hid_generic uhid ftdi_sio cdc_acm usblp libcomposite usb_f_acm usb_f_printer usb_f_hid
mount -t configfs configfs /sys/kernel/config 2>/dev/null
udevadm settle --timeout=20
echo "RIG-STAGE $(up) s: devices"
cd "$rig_repo" && "$rig_node" "$rig_entry"
echo "RIG-EXIT $? at $(up) s"
echo o >/proc/sysrq-trigger
# This is process 1: it must not end, and the disk may already be gone, so nothing can be started to wait with.
while :; do read -r _; done

# SPDX-License-Identifier: Apache-2.0
#
# The disk, kernel and initrd of the test guest, made from Debian packages.  Sourced by vm.  Whatever
# changes this file makes another image: its digest is the name of the cache directory.

vm_packages=(qemu-system-x86 mmdebstrap e2fsprogs zstd xz-utils openssh-client)
vm_disk=4G
guest_packages=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,passwd,login,mount,udev
guest_packages+=,kmod,openssh-server,busybox-static,iproute2,procps,uidmap,apparmor
engine_packages=podman,crun,runc,containerd,docker.io,docker-cli,passt,netavark,nftables
# What the checks of spec-tests/clients want beside them.
engine_packages+=,python3-grpcio,protobuf-compiler,catatonit,bsdutils

# Where this machine has its own packages from.
vm_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    grep -m 1 /debian/ || echo http://deb.debian.org/debian
}

# make_image SUITE DIRECTORY: root.img, vmlinux, initrd and the key `id` in it.
make_image() {
  local suite=$1 root=$2/root
  shift
  ssh-keygen -q -t ed25519 -N '' -f "$1/id"
  install_debian "$suite" "$root"
  configure_accounts "$root" "$1/id.pub"
  configure_services "$root"
  take_kernel "$root" "$1"
  make_initrd "$root" "$1"
  mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1,nodiscard -d "$root" \
    "$1/root.img" "$vm_disk"
  rm -rf --one-file-system "$root"
}

install_debian() { # SUITE ROOT
  local suite=$1 kernel=()
  shift
  case $suite in
    # The kernel without what makes an initrd: there is one of our own.
    forky) kernel=(--include='?name(^linux-binary-[0-9].*-cloud-amd64$)'
      --include='?name(^linux-modules-[0-9].*-cloud-amd64$)' --include="$engine_packages") ;;
    *) kernel=(--include=linux-image-cloud-amd64) ;;
  esac
  mmdebstrap --variant=apt --format=directory --quiet \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io \
    "${kernel[@]}" --include="$guest_packages" \
    --customize-hook='chroot "$1" useradd -m -u 1000 -s /bin/bash user' \
    --customize-hook='rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*' \
    "$suite" "$1" "$(vm_mirror)"
}

configure_accounts() { # ROOT PUBLIC-KEY
  local home
  tr -d - </proc/sys/kernel/random/uuid >"$1/etc/machine-id"
  echo vm >"$1/etc/hostname"
  echo '127.0.0.1 localhost vm' >"$1/etc/hosts"
  for home in root home/user; do
    install -d -m 700 "$1/$home/.ssh"
    cp "$2" "$1/$home/.ssh/authorized_keys"
  done
  chown -R 1000:1000 "$1/home/user/.ssh"
  if ! grep -q ^user: "$1/etc/subuid"; then
    echo user:100000:65536 | tee -a "$1/etc/subuid" >>"$1/etc/subgid"
  fi
}

# What boots: systemd, its bus, sshd, the managers of root and of the plain user, and no more.
configure_services() { # ROOT
  local units=$1/etc/systemd/system
  printf '%s\n' 'UseDNS no' 'MaxSessions 100' >"$1/etc/ssh/sshd_config.d/vm.conf"
  mkdir -p "$1/var/lib/systemd/linger" "$units/user@.service.d" "$units/ssh.service.d"
  touch "$1/var/lib/systemd/linger/user" "$1/etc/.updated" "$1/var/.updated"
  printf '[Service]\nDelegate=cpu cpuset io memory pids hugetlb\n' \
    >"$units/user@.service.d/delegate.conf"
  printf '[Service]\nExecStartPre=\n' >"$units/ssh.service.d/vm.conf"
  # udev finds no devices: it is masked below.
  printf '%s\n' virtio_net virtio_console >"$1/etc/modules-load.d/vm.conf"
  cat >"$1/usr/local/sbin/vm-ready" <<'READY'
#!/bin/sh
ip link set lo up
ip link set eth0 up
ip address add 10.0.2.15/24 dev eth0
echo VM-READY >/dev/hvc0
READY
  chmod 755 "$1/usr/local/sbin/vm-ready"
  cat >"$units/vm-ready.service" <<'UNIT'
[Unit]
Wants=ssh.service
After=ssh.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/vm-ready
[Install]
WantedBy=multi-user.target
UNIT
  chroot "$1" systemctl -q enable vm-ready ssh
  chroot "$1" systemctl -q mask getty@tty1 serial-getty@ttyS0 serial-getty@hvc0 apt-daily.timer \
    apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer logrotate.timer \
    systemd-pstore systemd-timesyncd systemd-networkd-wait-online systemd-udev-trigger \
    netavark-dhcp-proxy.socket sshd-keygen containerd docker.service docker.socket apparmor
}

# The kernel as an ELF file, which qemu enters without firmware (PVH): it stands in vmlinuz, packed.
# Debian 12's is packed in another way, and takes the longer road.
take_kernel() { # ROOT DIRECTORY
  local packed offset
  packed=$(find "$1/usr/lib/modules" "$1/boot" -name 'vmlinuz*' ! -name '*.unsigned' | head -n 1)
  if [ -e "$1"/boot/initrd.img-* ]; then cp "$packed" "$2/vmlinux"; return; fi
  for offset in $(LC_ALL=C grep -aobP '\x28\xb5\x2f\xfd' "$packed" | cut -d: -f1); do
    # What follows the packed kernel is no zstd frame, which zstd says after it has unpacked it.
    tail -c "+$((offset + 1))" "$packed" | zstd -qdc >"$2/vmlinux" 2>/dev/null || true
    [ "$(head -c 4 "$2/vmlinux" | tail -c 3)" = ELF ] && return
  done
  echo "vm: no kernel in $packed" >&2
  return 1
}

# Debian's kernel has the driver of the disk as a module, and the file system built in.  One that
# came with the kernel's package does as well.
make_initrd() { # ROOT DIRECTORY
  local tree=$2/initrd.d
  if [ -e "$1"/boot/initrd.img-* ]; then cp "$1"/boot/initrd.img-* "$2/initrd"; return; fi
  mkdir -p "$tree/dev" "$tree/new"
  cp "$1/usr/bin/busybox" "$tree/busybox"
  xz -qdc "$1"/usr/lib/modules/*/kernel/drivers/block/virtio_blk.ko.xz >"$tree/virtio_blk.ko"
  cat >"$tree/init" <<'INIT'
#!/busybox sh
/busybox insmod /virtio_blk.ko
/busybox mount -t devtmpfs dev /dev
/busybox mount -t ext4 /dev/vda /new
/busybox umount /dev
exec /busybox switch_root /new /sbin/init
INIT
  chmod 755 "$tree/init"
  (cd "$tree" && find . | ./busybox cpio -o -H newc 2>/dev/null) >"$2/initrd"
  rm -rf "$tree"
}

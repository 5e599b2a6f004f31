# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A pod where systemd makes the cgroups: what systemd and the kernel say of its containers, and what
# is left of them.

source "$clients/scopes.sh"

# scoped [MORE-OF-THE-CONFIG]: a pod with one container that waits; its $scope and $pid.
scoped() {
  in_pod
  running one "$@"
  scope=$scopes-$container.scope
  pid=$(pid_of)
}
scoped_with_fuse() {
  scoped '"linux": {"resources": {"memory_limit_in_bytes": 67108864},
"security_context": {"capabilities": {"add_capabilities": ["MKNOD"]}}},
"devices": [{"container_path": "/dev/fuse", "host_path": "/dev/fuse", "permissions": "rw"}]'
}

check_systemd_knows_the_limits_and_their_update() {
  scoped '"linux": {"resources": {"memory_limit_in_bytes": 67108864, "cpu_period": 100000,
"cpu_quota": 50000}}'
  unit_has ActiveState active
  unit_has Slice "$cgroup_parent"
  unit_has MemoryMax 67108864
  unit_has CPUQuotaPerSecUSec 500ms
  kernel_has memory.max 67108864
  kernel_has cpu.max '50000 100000'
  quietly cri UpdateContainerResources "{\"container_id\": \"$container\",
\"linux\": {\"memory_limit_in_bytes\": 134217728, \"cpu_period\": 100000, \"cpu_quota\": 25000}}"
  unit_has MemoryMax 134217728
  unit_has CPUQuotaPerSecUSec 250ms
  kernel_has memory.max 134217728
  kernel_has cpu.max '25000 100000'
}
check_stop_and_removal_of_a_pod_take_the_scopes_along() {
  in_pod
  running one
  running two
  running three
  quietly cri StopPodSandbox "{\"pod_sandbox_id\": \"$pod\"}"
  eventually no_scopes
  quietly cri RemovePodSandbox "{\"pod_sandbox_id\": \"$pod\"}"
}
check_many_pods_leave_neither_scopes_nor_cgroups() {
  quietly cri_client pods "${MANY:-50}" "$(pod_config)"
  eventually no_scopes
}

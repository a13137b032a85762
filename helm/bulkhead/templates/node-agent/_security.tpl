{{- /* Both containers enter the pods' namespaces and cgroups, and QEMU drops to a user of its own.
       Not privileged: each capability is named. */ -}}
{{- define "bulkhead.hostSecurity" -}}
privileged: false
runAsUser: 0
seccompProfile: {type: Unconfined}
{{- /* The default profile of container runtimes denies mount. */}}
appArmorProfile: {type: Unconfined}
capabilities:
  drop: [ALL]
  add:
  - SYS_ADMIN
  - NET_ADMIN
  - NET_RAW
  - NET_BIND_SERVICE
  - SYS_PTRACE
  - SYS_CHROOT
  - CHOWN
  - DAC_OVERRIDE
  - DAC_READ_SEARCH
  - FOWNER
  - FSETID
  - KILL
  - SETUID
  - SETGID
  - SETPCAP
  - IPC_LOCK
{{- end }}
